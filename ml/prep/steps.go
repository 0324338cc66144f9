package prep

import (
	"fmt"
	"slices"
	"strings"
)

// StepInfo describes a step: what a schema, a page of documentation and the
// parser are made from.
type StepInfo struct {
	Name     string      `json:"name"`
	About    string      `json:"about"` // one sentence
	Params   []ParamInfo `json:"params,omitempty"`
	Short    string      `json:"short,omitempty"`    // the parameter that {step: value} sets; empty: there is no short form
	Takes    []string    `json:"takes"`              // kinds of column: number, bool, text, date
	Together bool        `json:"together,omitempty"` // works on all columns of its rule together
	Last     bool        `json:"last,omitempty"`     // no step can follow
	Alone    bool        `json:"alone,omitempty"`    // no step can stand beside it
}

// ParamInfo describes one parameter of a step.
type ParamInfo struct {
	Name    string    `json:"name"`
	Type    ParamType `json:"type"`
	Default any       `json:"default,omitempty"` // nil: none, or what About says
	Values  []string  `json:"values,omitempty"`  // the allowed words
	Min     *float64  `json:"min,omitempty"`     // smallest allowed number
	Max     *float64  `json:"max,omitempty"`     // largest allowed number
	Above   bool      `json:"above,omitempty"`   // Min itself is not allowed
	About   string    `json:"about"`
}

// ParamType is the type of a parameter.
type ParamType string

// The types of parameter.
const (
	Whole  ParamType = "integer" // a whole number
	Real   ParamType = "number"  // a finite number
	Switch ParamType = "boolean" // true or false
	Word   ParamType = "word"    // one of Values
	Words  ParamType = "words"   // a list of some of Values
	Line   ParamType = "text"    // any text
	Scalar ParamType = "value"   // a number, text or bool
)

// Steps describes every step, by name. The parser reads specs by this table.
func Steps() []StepInfo {
	out := slices.Clone(steps)
	for i := range out {
		out[i].Params = slices.Clone(out[i].Params)
	}
	return out
}

func at(x float64) *float64 { return &x }

// dateParts are the parts of date_parts, in the order of the documentation.
var dateParts = []string{"year", "quarter", "month", "day", "weekday", "day_of_year", "week", "hour", "minute", "is_weekend", "epoch_days"}

// cyclicParts are the parts that come round again.
var cyclicParts = []string{"quarter", "month", "day", "weekday", "day_of_year", "week", "hour", "minute"}

// wide bounds what one step may make of its columns.
const wide = 4096

var steps = []StepInfo{
	{Name: OpBins, About: "Puts numbers into intervals: quantiles of the training rows, or of equal width.", Short: "count", Takes: []string{Number},
		Params: []ParamInfo{
			{Name: "count", Type: Whole, Default: 5, Min: at(2), Max: at(255), About: "How many intervals; equal quantiles are merged."},
			{Name: "strategy", Type: Word, Default: Quantile, Values: []string{Quantile, Uniform}, About: "Where the edges lie."},
			{Name: "encode", Type: Word, Default: OpOrdinal, Values: []string{OpOrdinal, OpOneHot}, About: "The interval's number, or a 0/1 column each (then it is the last step)."}}},
	{Name: OpCyclic, About: "Sine and cosine of a date's parts, or of a number with a period: December lies beside January.", Short: "parts", Takes: []string{Number, Date},
		Params: []ParamInfo{
			{Name: "parts", Type: Words, Default: []string{"month", "weekday"}, Values: cyclicParts, About: "Of a date: the parts, each with its own period."},
			{Name: "period", Type: Real, Min: at(0), Above: true, About: "Of a number: after how much it begins again, 24 for hours."}}},
	{Name: OpDateParts, About: "Numbers from dates (UTC): year, month, weekday (Monday is 0), ISO week and more.", Short: "parts", Takes: []string{Date},
		Params: []ParamInfo{{Name: "parts", Type: Words, Default: []string{"year", "month", "day", "weekday"}, Values: dateParts, About: "Which parts."}}},
	{Name: OpDrop, About: "Leaves the columns out.", Takes: []string{Number, Bool, Text, Date}, Alone: true},
	{Name: OpFrequency, About: "Replaces a category by its share of the training rows; unknown ones and nulls become 0.", Takes: []string{Number, Bool, Text}},
	{Name: OpHashTokens, About: "Words of a text, counted with a sign in a fixed number of columns chosen by their hash.", Short: "features", Takes: []string{Text}, Last: true,
		Params: []ParamInfo{
			{Name: "features", Type: Whole, Default: 64, Min: at(1), Max: at(wide), About: "How many columns."},
			{Name: "ngrams", Type: Whole, Default: 1, Min: at(1), Max: at(5), About: "Longest run of words that counts as one token."},
			{Name: "shortest", Type: Whole, Default: 2, Min: at(1), Max: at(20), About: "Shortest word, in characters."},
			{Name: "norm", Type: Word, Default: "l2", Values: []string{"l2", "none"}, About: "l2: each row has length 1."}}},
	{Name: OpImpute, About: "Replaces nulls by a value learned from the training rows, or by a constant.", Short: "strategy", Takes: []string{Number, Bool, Text},
		Params: []ParamInfo{
			{Name: "strategy", Type: Word, Values: []string{Median, Mean, MostFrequent, Constant}, About: "What the value is; median and mean are of numbers."},
			{Name: "value", Type: Scalar, About: "The constant."},
			{Name: "indicator", Type: Switch, Default: false, About: "Adds a 0/1 column name_missing where the training rows have nulls."}}},
	{Name: OpKeep, About: "Numbers and bools as they are.", Takes: []string{Number, Bool}, Alone: true},
	{Name: OpLog1p, About: "log(1 + x), for amounts and counts with a long tail; needs x > -1.", Takes: []string{Number}},
	{Name: OpMissing, About: "1 where a value is null, else 0, as name_missing; the values themselves are left out.", Takes: []string{Number, Bool, Text, Date}},
	{Name: OpOneHot, About: "A 0/1 column per category, name=value.", Short: "unknown", Takes: []string{Number, Bool, Text}, Last: true,
		Params: []ParamInfo{
			{Name: "unknown", Type: Word, Default: Fail, Values: []string{Ignore, Fail, Rare}, About: "A category that the training rows did not have, or a null: all zeros, an error, or (categories only) the column of the rare."},
			{Name: "min_count", Type: Whole, Min: at(1), About: "Categories of fewer training rows share the column name=(rare)."},
			{Name: "min_share", Type: Real, Min: at(0), Above: true, Max: at(1), About: "The same by share of the training rows."},
			{Name: "max_categories", Type: Whole, Min: at(1), Max: at(wide), About: "At most so many columns, the one for the rare included."}}},
	{Name: OpOrdinal, About: "A category's position in the byte order of the training rows' categories.", Short: "unknown", Takes: []string{Number, Bool, Text},
		Params: []ParamInfo{
			{Name: "unknown", Type: Word, Default: Fail, Values: []string{Fail, GivenValue}, About: "A category that the training rows did not have, or a null: an error, or the value."},
			{Name: "value", Type: Real, About: "The number of unknown categories, such as -1."}}},
	{Name: OpPolynomial, About: "Products of the rule's columns up to a degree, beside the columns themselves.", Short: "degree", Takes: []string{Number, Bool}, Together: true,
		Params: []ParamInfo{
			{Name: "degree", Type: Whole, Default: 2, Min: at(2), Max: at(6), About: "The highest number of factors."},
			{Name: "interactions_only", Type: Switch, Default: false, About: "No powers, only products of distinct columns."}}},
	{Name: OpPower, About: "A power transform that makes a skewed column more like a normal one.", Short: "method", Takes: []string{Number},
		Params: []ParamInfo{
			{Name: "method", Type: Word, Default: YeoJohnson, Values: []string{YeoJohnson}, About: "Yeo-Johnson takes negative numbers too."},
			{Name: "standardize", Type: Switch, Default: true, About: "Scales to mean 0 and variance 1 afterwards."}}},
	{Name: OpRatio, About: "The first of the rule's two columns divided by the second: rooms per household.", Short: "name", Takes: []string{Number, Bool}, Together: true,
		Params: []ParamInfo{
			{Name: "name", Type: Line, About: "The feature's name (default: first_per_second)."},
			{Name: "by_zero", Type: Word, Default: Fail, Values: []string{Fail, OpMissing}, About: "A division by 0: an error, or a null, which an imputer must follow."}}},
	{Name: OpScale, About: "Scales a column: to mean 0 and variance 1, to the range 0 to 1, or by median and quartiles.", Short: "method", Takes: []string{Number},
		Params: []ParamInfo{{Name: "method", Type: Word, Default: Standard, Values: []string{Standard, MinMax, Robust}, About: "standard, minmax, or robust against outliers."}}},
	{Name: OpSimilarity, About: "How near a row is to each of k cluster centres of the rule's columns: exp(-gamma distance²).", Short: "clusters", Takes: []string{Number, Bool}, Together: true,
		Params: []ParamInfo{
			{Name: "clusters", Type: Whole, Default: 10, Min: at(1), Max: at(1024), About: "How many centres k-means finds in the training rows."},
			{Name: "gamma", Type: Real, Default: 1.0, Min: at(0), Above: true, About: "How fast the similarity falls with the distance."},
			{Name: "seed", Type: Whole, Default: 0, Min: at(0), Max: at(1<<53 - 1), About: "Of the random start of k-means."}}},
	{Name: OpTextLength, About: "Characters and words of a text, as name_characters and name_words; a null has none.", Takes: []string{Text}},
}

// stepNames are the names of the steps, sorted.
func stepNames() []string {
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = s.Name
	}
	return out
}

// info returns the description of a step.
func info(op string) (StepInfo, bool) {
	i := slices.IndexFunc(steps, func(s StepInfo) bool { return s.Name == op })
	if i < 0 {
		return StepInfo{}, false
	}
	return steps[i], true
}

func (s StepInfo) param(name string) (ParamInfo, bool) {
	i := slices.IndexFunc(s.Params, func(p ParamInfo) bool { return p.Name == name })
	if i < 0 {
		return ParamInfo{}, false
	}
	return s.Params[i], true
}

func (s StepInfo) paramNames() []string {
	out := make([]string, len(s.Params))
	for i, p := range s.Params {
		out[i] = p.Name
	}
	return out
}

// want says what the parameter takes, for messages.
func (p ParamInfo) want() string {
	switch p.Type {
	case Word:
		return either(p.Values)
	case Words:
		return "a list of " + strings.Join(p.Values, ", ")
	case Switch:
		return "true or false"
	case Line:
		return "a text"
	case Scalar:
		return "a number, text or bool"
	}
	what := "a number"
	if p.Type == Whole {
		what = "a whole number"
	}
	switch {
	case p.Min != nil && p.Max != nil && p.Above:
		return fmt.Sprintf("%s above %v and at most %v", what, *p.Min, *p.Max)
	case p.Min != nil && p.Max != nil:
		return fmt.Sprintf("%s from %v to %v", what, *p.Min, *p.Max)
	case p.Min != nil && p.Above:
		return fmt.Sprintf("%s above %v", what, *p.Min)
	case p.Min != nil:
		return fmt.Sprintf("%s of at least %v", what, *p.Min)
	}
	return what
}

// either joins words: "a, b or c".
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
