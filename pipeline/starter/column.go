package starter

import (
	"math"
	"regexp"
	"strings"

	"gristmill/ml/frame"
)

// role is what a column is taken for.
type role string

const (
	number   role = "number"
	skewed   role = "skewed"   // never below zero, with a long tail: log1p
	lopsided role = "lopsided" // with a long tail and values below zero: a power transform
	category role = "category" // few texts, or truth values
	crowded  role = "crowded"  // many texts, that come again
	prose    role = "prose"    // sentences
	moment   role = "moment"   // a date or time
	leftOut  role = "left out"
)

// column is what was seen in one column.
type column struct {
	name     string
	typ      frame.Type
	rows     int
	missing  int
	distinct int // nulls not counted
	min, max float64
	skew     float64 // of the values
	logSkew  float64 // of log1p of the values; NaN if one is below 0
	step     bool    // numbers that rise by the same from row to row
	rising   float64 // of times: share of rows not before the row above
	words    float64 // of texts: words in a value, on average
	letters  float64 // of texts: letters in a value, on average
	top      string  // the commonest value
	topShare float64 // of the values
	counts   map[string]int

	leastShare float64 // of the rarest value
	clock      bool    // times that are not all midnight

	role   role
	reason string // why it is left out
}

// day is one in microseconds.
const day = 24 * 60 * 60 * 1_000_000

func look(c *frame.Column) column {
	out := column{name: c.Field.Name, typ: c.Field.Type, rows: c.Len(), missing: c.Nulls(), counts: map[string]int{}, logSkew: math.NaN()}
	out.countValues(c)
	switch c.Field.Type {
	case frame.Float64, frame.Int64:
		out.lookAtNumbers(c)
	case frame.Timestamp:
		out.lookAtOrder(c)
	case frame.String:
		out.lookAtTexts(c)
	}
	return out
}

func (o *column) values() int { return o.rows - o.missing }

func (o *column) countValues(c *frame.Column) {
	best := 0
	for i := range c.Len() {
		if c.IsNull(i) {
			continue
		}
		v := c.Text(i)
		o.counts[v]++
		if n := o.counts[v]; n > best {
			best, o.top = n, v
		}
	}
	o.distinct = len(o.counts)
	if o.values() > 0 {
		o.topShare, o.leastShare = float64(best)/float64(o.values()), 1
		for _, n := range o.counts {
			o.leastShare = min(o.leastShare, float64(n)/float64(o.values()))
		}
	}
}

func (o *column) lookAtNumbers(c *frame.Column) {
	values := make([]float64, 0, o.values())
	o.step = c.Len() > 2 && o.missing == 0 && c.Float(1) > c.Float(0)
	for i := range c.Len() {
		v := c.Float(i)
		if i > 0 && v-c.Float(i-1) != c.Float(1)-c.Float(0) {
			o.step = false
		}
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return
	}
	o.min, o.max = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		o.min, o.max = min(o.min, v), max(o.max, v)
	}
	o.skew = skewness(values)
	if o.min >= 0 {
		for i := range values {
			values[i] = math.Log1p(values[i])
		}
		o.logSkew = skewness(values)
	}
}

// skewness is the third standardised moment, 0 for a constant.
func skewness(values []float64) float64 {
	n := float64(len(values))
	var sum, m2, m3 float64
	for _, v := range values {
		sum += v
	}
	mean := sum / n
	for _, v := range values {
		d := v - mean
		m2 += d * d
		m3 += d * d * d
	}
	if m2 <= 0 {
		return 0
	}
	return (m3 / n) / math.Pow(m2/n, 1.5)
}

func (o *column) lookAtOrder(c *frame.Column) {
	risen, pairs := 0, 0
	for i, micros := range c.Ints {
		o.clock = o.clock || !c.IsNull(i) && micros%day != 0
	}
	for i := 1; i < c.Len(); i++ {
		if c.IsNull(i) || c.IsNull(i-1) {
			continue
		}
		pairs++
		if c.Ints[i] >= c.Ints[i-1] {
			risen++
		}
	}
	if pairs > 0 {
		o.rising = float64(risen) / float64(pairs)
	}
}

func (o *column) lookAtTexts(c *frame.Column) {
	words, letters := 0, 0
	for i, s := range c.Texts {
		if !c.IsNull(i) {
			words += len(strings.Fields(s))
			letters += len([]rune(s))
		}
	}
	if n := o.values(); n > 0 {
		o.words, o.letters = float64(words)/float64(n), float64(letters)/float64(n)
	}
}

// Where one kind of column ends and the next begins.
const (
	longTail      = 1.0  // skewness from which on a tail is long
	fewValues     = 20   // numbers with fewer values have no tail worth the name
	manyLevels    = 50   // texts from which on one indicator each is many: too many without rowsALevel
	mostLevels    = 200  // texts from which on one indicator each is too many in any case
	rowsALevel    = 20   // that a text must stand for, on average, to be worth an indicator
	sentence      = 4.0  // words in a value of prose
	ownValue      = 0.95 // share of rows with a value of their own, from which on a text names its row
	mostlyMissing = 0.95
	oftenMissing  = 0.05
	fewRows       = 20 // with fewer rows nothing is told of distinct values
)

// named finds columns that call themselves names of rows. "paid" and "grid" do
// not.
var named = regexp.MustCompile(`(?i:^(.*[_\s.-])?(id|ids|uuid|guid|key|index|rowid|rownum|row_?number|nr)$)|[a-z]I[dD]$`)

// rowNumber is why a column is left out whose numbers say nothing but which row
// it is.
const rowNumber = "it numbers the rows: every row has its own whole number"

// guess decides what a feature is.
func (o *column) guess() {
	switch {
	case o.values() == 0:
		o.leave("it has no value in any row")
	case float64(o.missing) > mostlyMissing*float64(o.rows):
		o.leave(percent(o.missing, o.rows) + " of its values are missing")
	case o.distinct == 1 && float64(o.missing) <= oftenMissing*float64(o.rows): // else what is missing says something
		o.leave("its only value is " + quote(o.top))
	case o.typ == frame.String:
		o.guessText()
	case o.typ == frame.Int64 && o.rows >= fewRows && o.missing == 0 && o.distinct == o.rows && (o.step || named.MatchString(o.name)):
		o.leave(rowNumber)
	case o.typ == frame.Timestamp:
		o.role = moment
	case o.typ == frame.Bool:
		o.role = category
	case o.distinct >= fewValues && o.skew > longTail && math.Abs(o.logSkew) < o.skew/2:
		o.role = skewed
	case o.distinct >= fewValues && o.min < 0 && math.Abs(o.skew) > 2*longTail:
		o.role = lopsided
	default:
		o.role = number
	}
}

func (o *column) guessText() {
	own := float64(o.distinct) > ownValue*float64(o.values())
	switch {
	case o.words >= sentence && float64(o.distinct) > 0.5*float64(o.values()):
		o.role = prose
	case o.rows >= fewRows && own:
		o.leave("nearly every row has its own text: it names the row")
	case o.distinct > mostLevels || o.distinct > manyLevels && o.distinct*rowsALevel > o.values():
		o.role = crowded
	default:
		o.role = category
	}
}

func (o *column) leave(reason string) { o.role, o.reason = leftOut, reason }
