package dataset

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gristmill"
	"gristmill/dataset/charset"
	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
)

// Spec is the section data of a pipeline's spec: which table, what it must look
// like, and how its rows are parted.
type Spec struct {
	Source    SourceSpec    `json:"source" yaml:"source"`                           // an address, see DecodeSource
	Format    string        `json:"format,omitempty" yaml:"format,omitempty"`       // "csv" or "parquet"; "" means what the bytes are
	Encoding  string        `json:"encoding,omitempty" yaml:"encoding,omitempty"`   // of text, see charset.Names; "" means UTF-8, or UTF-16 by its mark
	Decimal   string        `json:"decimal,omitempty" yaml:"decimal,omitempty"`     // "," for 1.234,5 as people of many countries write it; "" means "."
	Target    string        `json:"target" yaml:"target"`                           // the column to predict
	Positive  string        `json:"positive,omitempty" yaml:"positive,omitempty"`   // of a two-class target: the label that counts as positive
	Separator string        `json:"separator,omitempty" yaml:"separator,omitempty"` // one ASCII character or "tab"; "" means a comma
	Nulls     []string      `json:"nulls,omitempty" yaml:"nulls,omitempty"`         // texts that stand for no value; none means the empty cell only
	Schema    []frame.Field `json:"schema,omitempty" yaml:"schema,omitempty"`       // what the columns must be; none means inferred
	Drop      []string      `json:"drop,omitempty" yaml:"drop,omitempty"`           // columns that the pipeline does not see
	// Dates gives columns of times that are not written by ISO 8601 their
	// format, in the signs of strptime: {sold: "%d.%m.%Y"}.
	Dates map[string]string `json:"dates,omitempty" yaml:"dates,omitempty"`
	// Time is the timestamp column that says when a row happened, and Until
	// the logical date: rows whose time is after it are not read. A date alone
	// keeps that whole day, in UTC.
	Time  string    `json:"time,omitempty" yaml:"time,omitempty"`
	Until string    `json:"until,omitempty" yaml:"until,omitempty"` // ISO 8601
	Split SplitSpec `json:"split" yaml:"split,omitempty"`
}

// The formats of tables.
const (
	CSV     = "csv"
	Parquet = "parquet"
)

// The kinds of split.
const (
	Random     = "random"     // rows at random
	Stratified = "stratified" // rows at random, each class in proportion
	IDs        = "ids"        // rows listed in a file
	Grouped    = "group"      // all rows of a group in the same part
	Timed      = "time"       // the newest rows for the test, those before them for the validation
)

// SplitSpec says how rows are parted. The zero value is a random split with 0.2
// for the test and 0.2 for the validation.
type SplitSpec struct {
	Kind       string  `json:"kind,omitempty" yaml:"kind,omitempty"`             // Random, Stratified, IDs, Grouped or Timed; "" means Random
	Test       float64 `json:"test,omitempty" yaml:"test,omitempty"`             // fraction of the rows
	Validation float64 `json:"validation,omitempty" yaml:"validation,omitempty"` // fraction of the rows; 0 beside a test means none
	Seed       uint64  `json:"seed,omitempty" yaml:"seed,omitempty"`
	File       string  `json:"file,omitempty" yaml:"file,omitempty"` // of kind IDs: an address, see ReadParts for its content
	By         string  `json:"by,omitempty" yaml:"by,omitempty"`     // of kinds Grouped and Timed: the column; Timed may leave it to Spec.Time
}

// FoldSpec says how the training rows are parted for a cross-validation. The
// zero value means none.
type FoldSpec struct {
	Kind  string `json:"kind,omitempty" yaml:"kind,omitempty"`   // "kfold", Stratified, Grouped or Timed
	Folds int    `json:"folds,omitempty" yaml:"folds,omitempty"` // 2 to 50; 0 means 5
	By    string `json:"by,omitempty" yaml:"by,omitempty"`       // of kinds Grouped and Timed: the column
	Seed  uint64 `json:"seed,omitempty" yaml:"seed,omitempty"`
}

// WithDefaults returns the split with its kind and fractions filled in.
func (s SplitSpec) WithDefaults() SplitSpec {
	if s.Kind == "" {
		s.Kind = Random
	}
	if s.Kind != IDs && s.Test == 0 && s.Validation == 0 {
		s.Test, s.Validation = 0.2, 0.2
	}
	return s
}

// problems gathers what is wrong, each under its path.
type problems []gristmill.Problem

// add adds a problem; its message is "path: given; expected want".
func (p *problems) add(path, given, want string) {
	msg := path + ": " + given + "; expected " + want
	*p = append(*p, gristmill.Problem{Path: path, Given: given, Want: want, Msg: msg})
}

// Check returns everything that is wrong with the section by itself, with paths
// such as "data.split.test". It looks at no data and opens nothing.
func (s Spec) Check() []gristmill.Problem {
	var p problems
	if s.Source.Kind == "" {
		p.add("data.source", "missing", sourceForms)
	}
	if s.Target == "" {
		p.add("data.target", "missing", "the name of the column to predict")
	}
	if _, err := s.comma(); err != nil {
		p.add("data.separator", fmt.Sprintf("%q", s.Separator), `one ASCII character such as ";" or "tab", not a quote or line end`)
	}
	s.checkReading(&p)
	for i, name := range s.Drop {
		path := fmt.Sprintf("data.drop[%d]", i)
		switch {
		case name == "":
			p.add(path, `""`, "a column's name")
		case name == s.Target:
			p.add(path, fmt.Sprintf("the target %q", name), "a column that is not the target")
		case slices.Index(s.Drop, name) < i:
			p.add(path, fmt.Sprintf("%q a second time", name), "every column once")
		}
	}
	s.checkSchema(&p)
	s.Split.check(&p, s.Target)
	return p
}

// checkReading checks the keys that say how bytes become rows.
func (s Spec) checkReading(p *problems) {
	if s.Format != "" && s.Format != CSV && s.Format != Parquet {
		p.add("data.format", fmt.Sprintf("%q", s.Format), "csv or parquet, or no key: what the bytes are")
	}
	if s.Encoding != "" && !slices.Contains(charset.Names(), s.Encoding) {
		p.add("data.encoding", fmt.Sprintf("%q", s.Encoding), "one of "+strings.Join(charset.Names(), ", "))
	}
	comma, err := s.comma()
	switch {
	case s.Decimal != "" && s.Decimal != "." && s.Decimal != ",":
		p.add("data.decimal", fmt.Sprintf("%q", s.Decimal), `"." or ","`)
	case s.Decimal == "," && err == nil && comma == ',' && s.Format != Parquet:
		p.add("data.decimal", `"," beside the separator ","`, `another data.separator, such as ";"`)
	}
	if s.Format == Parquet {
		s.onlyText(p, "given for format parquet", "it only for csv")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Dates)) {
		path, format := "data.dates."+name, s.Dates[name]
		_, err := frame.NewTimeFormat(format)
		f, known := frame.Schema{Fields: s.Schema}.Field(name)
		switch {
		case name == "":
			p.add("data.dates", `""`, "a column's name")
		case format == "":
			p.add(path, `""`, `a format in the signs of strptime, such as "%d.%m.%Y"`)
		case err != nil:
			p.add(path, err.Error(), `a format in the signs of strptime, such as "%d.%m.%Y"`)
		case len(s.Schema) > 0 && !known:
			p.add(path, "the column is not in data.schema", "one of its columns"+nearest(name, s.Schema))
		case known && f.Type != frame.Timestamp:
			p.add(path, fmt.Sprintf("the column is of type %s in data.schema", f.Type), "timestamp")
		case known && f.Format != "" && f.Format != format:
			p.add(path, fmt.Sprintf("%q beside the format %q in data.schema", format, f.Format), "one format")
		}
	}
	s.checkTime(p)
}

// onlyText adds a problem for each key that is of no account in Parquet.
func (s Spec) onlyText(p *problems, given, want string) {
	for _, k := range []struct {
		name  string
		given bool
	}{{"encoding", s.Encoding != ""}, {"decimal", s.Decimal != ""}, {"separator", s.Separator != ""}, {"nulls", len(s.Nulls) > 0}, {"dates", len(s.Dates) > 0}} {
		if k.given {
			p.add("data."+k.name, given, want)
		}
	}
}

func (s Spec) checkTime(p *problems) {
	f, known := frame.Schema{Fields: s.Schema}.Field(s.Time)
	switch {
	case s.Time == "":
	case len(s.Schema) > 0 && !known:
		p.add("data.time", fmt.Sprintf("%q is not in data.schema", s.Time), "one of its columns"+nearest(s.Time, s.Schema))
	case known && f.Type != frame.Timestamp:
		p.add("data.time", fmt.Sprintf("%q is of type %s in data.schema", s.Time, f.Type), "a column of type timestamp")
	}
	if s.Until == "" {
		return
	}
	if _, ok := frame.ParseTime(s.Until); !ok {
		p.add("data.until", fmt.Sprintf("%q", frame.Shorten(s.Until)), `a date or time of ISO 8601, such as "2024-06-30" or "2024-06-30T12:00:00Z"`)
	}
	if s.Time == "" {
		p.add("data.until", "given without data.time", "data.time too: the column that says when a row happened")
	}
}

func (s Spec) checkSchema(p *problems) {
	if len(s.Schema) == 0 {
		return
	}
	first := map[string]int{}
	for i, f := range s.Schema {
		path := fmt.Sprintf("data.schema[%d]", i)
		if f.Name == "" {
			p.add(path+".name", "missing", "a column's name")
		} else if j, ok := first[f.Name]; ok {
			p.add(path+".name", fmt.Sprintf("%q is column %d already", f.Name, j), "every column once")
		} else {
			first[f.Name] = i
		}
		checkField(p, path, f)
	}
	if _, ok := first[s.Target]; !ok && s.Target != "" {
		p.add("data.target", fmt.Sprintf("%q is not in data.schema", s.Target), "one of its columns"+nearest(s.Target, s.Schema))
	}
	f, ok := frame.Schema{Fields: s.Schema}.Field(s.Target)
	if ok && s.Positive != "" && len(f.Values) > 0 && !slices.Contains(f.Values, s.Positive) {
		p.add("data.positive", fmt.Sprintf("%q", s.Positive), "one of the values of the target in data.schema: "+quoteAll(f.Values))
	}
}

func checkField(p *problems, path string, f frame.Field) {
	switch f.Type {
	case frame.Float64, frame.Int64, frame.Bool, frame.String, frame.Timestamp:
	case "":
		p.add(path+".type", "missing", "float64, int64, bool, string or timestamp")
		return
	default:
		p.add(path+".type", fmt.Sprintf("%q", string(f.Type)), "float64, int64, bool, string or timestamp")
		return
	}
	bound := func(key string, v *float64) {
		switch {
		case v == nil:
		case !f.Type.Numeric():
			p.add(path+"."+key, fmt.Sprintf("given for a column of type %s", f.Type), "it only for float64 and int64")
		case math.IsNaN(*v) || math.IsInf(*v, 0):
			p.add(path+"."+key, fmt.Sprint(*v), "a finite number")
		}
	}
	bound("min", f.Min)
	bound("max", f.Max)
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		p.add(path+".min", fmt.Sprintf("%v is above max %v", *f.Min, *f.Max), "min not above max")
	}
	if len(f.Values) > 0 && f.Type != frame.String {
		p.add(path+".values", fmt.Sprintf("given for a column of type %s", f.Type), "it only for string")
	}
}

// Check returns everything that is wrong with the split by itself; target is the
// column to predict, "" for none.
func (s SplitSpec) Check(target string) []gristmill.Problem {
	var p problems
	s.check(&p, target)
	return p
}

func (s SplitSpec) check(p *problems, target string) {
	switch s.Kind {
	case "", Random, Stratified:
		if s.File != "" {
			p.add("data.split.file", fmt.Sprintf("given for kind %s", s.WithDefaults().Kind), "it only for kind ids")
		}
		s.checkFractions(p)
	case Grouped, Timed:
		if s.File != "" {
			p.add("data.split.file", fmt.Sprintf("given for kind %s", s.Kind), "it only for kind ids")
		}
		s.checkFractions(p)
	case IDs:
		if s.File == "" {
			p.add("data.split.file", "missing", "the address of a file of row ids, for kind ids")
		} else if _, err := ParseSource(s.File); err != nil {
			p.add("data.split.file", fmt.Sprintf("%q", frame.Shorten(s.File)), sourceForms)
		}
		if s.Test != 0 {
			p.add("data.split.test", "given for kind ids", "no fraction: the file says which rows")
		}
		if s.Validation != 0 {
			p.add("data.split.validation", "given for kind ids", "no fraction: the file says which rows")
		}
	default:
		p.add("data.split.kind", fmt.Sprintf("%q", s.Kind), "random, stratified, group, time or ids")
	}
	s.checkBy(p, target)
	if s.Kind == Stratified && target == "" {
		p.add("data.split.kind", "stratified without a target", "data.target, whose classes to keep in proportion")
	}
}

func (s SplitSpec) checkFractions(p *problems) {
	s = s.WithDefaults()
	test := s.Test > 0 && s.Test < 1 // false for NaN too
	if !test {
		p.add("data.split.test", fmt.Sprint(s.Test), "a fraction above 0 and below 1")
	}
	validation := s.Validation >= 0 && s.Validation < 1
	if !validation {
		p.add("data.split.validation", fmt.Sprint(s.Validation), "a fraction from 0 to below 1")
	}
	if test && validation && s.Test+s.Validation >= 1 {
		p.add("data.split.test", fmt.Sprintf("%v with validation %v leaves no row to train on", s.Test, s.Validation), "a sum below 1")
	}
}

// comma returns the separator of cells.
func (s Spec) comma() (rune, error) {
	switch s.Separator {
	case "":
		return ',', nil
	case "tab", `\t`:
		return '\t', nil
	}
	b := s.Separator
	if len(b) != 1 || b[0] == 0 || b[0] >= 0x80 || strings.ContainsAny(b, "\"\r\n") {
		return 0, fmt.Errorf("separator %q is not one ASCII character", b)
	}
	return rune(b[0]), nil
}

// CSVOptions returns how to read the table. Dropped columns that the schema
// does not describe are not read.
func (s Spec) CSVOptions() (csv.Options, error) {
	comma, err := s.comma()
	if err != nil {
		return csv.Options{}, gristmill.Hide(gristmill.Invalid, err, "data.separator: %q; expected one ASCII character", s.Separator)
	}
	o := csv.Options{Separator: comma, Dates: s.Dates}
	if s.Decimal == "," {
		o.Decimal = ','
	}
	if len(s.Nulls) > 0 {
		o.Nulls = s.Nulls
	}
	if len(s.Schema) > 0 {
		o.Schema = &frame.Schema{Fields: s.Schema}
		for _, name := range s.Drop {
			if o.Schema.Index(name) < 0 {
				o.Skip = append(o.Skip, name)
			}
		}
	}
	return o, nil
}

func quoteAll(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(quoted, ", ")
}

// nearest returns the columns to choose from, for a message, and the one whose
// name is most like name.
func nearest(name string, fields []frame.Field) string {
	const most = 20
	names := frame.Schema{Fields: fields}.Names()
	near := ml.Nearest(name, names)
	list := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		list += fmt.Sprintf(" and %d more", len(names)-most)
	}
	if near == "" {
		return ": " + list
	}
	return fmt.Sprintf(": %s (did you mean %q?)", list, near)
}
