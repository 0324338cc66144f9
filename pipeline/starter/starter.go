package starter

import (
	"fmt"
	"strings"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
	"gristmill/pipeline"
)

// Input is a table that a spec is wanted for.
type Input struct {
	Name string // of the pipeline and its model
	// Data says how Frame was read, and its Target and Positive what to predict;
	// Positive may be "". Its Split and Drop are not looked at.
	Data  dataset.Spec
	Frame *frame.Frame // all columns
}

// draft is what was guessed.
type draft struct {
	Input
	target  target
	columns []column // the features, in order
	split   string   // as YAML
	why     string   // the split
	cv      bool
	ordered bool // by time
	notes   []string
}

// Write guesses a spec. Its text is commented YAML that pipeline.Parse and
// pipeline.Describe accept for the table; the notes are the guesses that a
// person should look at. What cannot be trained (an unknown target, one with
// missing values, a handful of rows) is an Invalid error.
func Write(in Input) (text []byte, notes []string, err error) {
	if err := gristmill.CheckName("name", in.Name); err != nil {
		return nil, nil, err
	}
	d := draft{Input: in}
	if d.target, err = aim(in.Frame, in.Data.Target, in.Data.Positive); err != nil {
		return nil, nil, err
	}
	d.lookAtColumns()
	if len(d.with(leftOut)) == len(d.columns) {
		return nil, nil, gristmill.Errorf(gristmill.Invalid, "no column is left to learn from: %s", d.left())
	}
	d.part()
	for _, plainly := range []bool{false, true} { // a table of thousands of special columns gets rules by type only
		text = d.text(plainly)
		if err = d.check(text); err == nil {
			return text, d.notes, nil
		}
	}
	return nil, nil, &gristmill.Error{Kind: gristmill.Internal, Msg: "the spec that was written does not fit the table", Err: err}
}

// check reads the spec as the trainer will.
func (d *draft) check(text []byte) error {
	spec, err := pipeline.Parse(text)
	if err != nil {
		return err
	}
	_, err = pipeline.Describe(gristmill.DefaultProject, spec, d.Frame.Schema())
	return err
}

func (d *draft) note(format string, args ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

// enough is how many rows are looked at of a large table, evenly spaced: more
// would change no guess.
const enough = 200_000

func thinned(f *frame.Frame) *frame.Frame {
	stride := (f.Rows() + enough - 1) / enough
	if stride <= 1 {
		return f
	}
	rows := make([]int, 0, enough)
	for i := 0; i < f.Rows(); i += stride {
		rows = append(rows, i)
	}
	return f.Take(rows)
}

func (d *draft) lookAtColumns() {
	f := thinned(d.Frame)
	y := f.Column(d.target.name)
	for j := range f.Cols() {
		c := f.At(j)
		if c == y {
			continue
		}
		o := look(c)
		o.guess()
		if o.role != leftOut {
			if why := givesAway(c, y, d.target.task == catalog.Classification); why != "" {
				o.leave(why + "; known before the prediction? then delete this line")
			}
		}
		o.counts = nil // not needed any more
		d.columns = append(d.columns, o)
	}
	d.keepCounters()
	for _, o := range d.with(leftOut) {
		d.note("%s is left out: %s", o.name, o.reason)
	}
}

// keepCounters takes columns back that seemed to number the rows if nothing else
// is left: of a table of x and y, x is what to learn from. A column that is called
// an ID stays out.
func (d *draft) keepCounters() {
	if len(d.with(leftOut)) < len(d.columns) {
		return
	}
	for i := range d.columns {
		if o := &d.columns[i]; o.reason == rowNumber && !named.MatchString(o.name) {
			o.role, o.reason = number, ""
			d.note("%s is learned from, though it may only number the rows: there is nothing else", o.name)
		}
	}
}

// with returns the columns of some roles.
func (d *draft) with(roles ...role) []column {
	var out []column
	for _, c := range d.columns {
		for _, r := range roles {
			if c.role == r {
				out = append(out, c)
			}
		}
	}
	return out
}

func (d *draft) left() string {
	var parts []string
	for _, c := range d.with(leftOut) {
		parts = append(parts, c.name+" ("+c.reason+")")
	}
	if len(parts) > 5 {
		parts = append(parts[:5], fmt.Sprintf("and %d more", len(parts)-5))
	}
	if len(parts) == 0 {
		return "the target is the only one"
	}
	return strings.Join(parts, ", ")
}

// Sizes of tables.
const (
	smallTable = 2000 // rows; below, a cross-validation tells more than one validation part
	inOrder    = 0.99 // share of rows whose time is not before the row above
)

// part chooses how rows are parted. Time only when it is clear: exactly one
// column of times, in whose order the rows stand, that changes with nearly every
// row; anything else may be a birthday.
func (d *draft) part() {
	rows := d.target.rows
	d.cv = rows < smallTable && rows >= 5*fewestRows
	rare := 0
	for _, l := range d.target.labels {
		if d.target.counts[l] < rareClass {
			rare++
		}
		d.cv = d.cv && d.target.counts[l] >= 2*rareClass // else a fold may have none
	}
	sizes := "test: 0.2, validation: 0.2"
	held := "a fifth for the test, a fifth to validate"
	if d.cv {
		sizes, held = "test: 0.2, validation: 0", "a fifth for the test; the table is small, so that train.cv validates on all others"
	}
	if t, ok := d.timeline(); ok && rare == 0 {
		d.ordered = true
		d.split = fmt.Sprintf("{kind: time, by: %s, %s}", scalar(t.name), sizes)
		d.why = fmt.Sprintf("the rows stand in the order of %s, so that the newest are the test: the model is to know the past only; %s", t.name, held)
		d.note("the test rows are the newest by %s: if the rows are not one series, use split: {kind: random, seed: 42}", t.name)
		return
	}
	switch {
	case d.target.task == catalog.Classification && rare == 0:
		d.split, d.why = fmt.Sprintf("{kind: stratified, %s, seed: 42}", sizes), "every class in proportion in each part; "+held
	case d.target.task == catalog.Classification:
		d.split, d.why = fmt.Sprintf("{kind: random, %s, seed: 42}", sizes), fmt.Sprintf("not stratified, since classes with fewer than %d rows cannot be in every part; %s", rareClass, held)
		d.note("classes of %s with fewer than %d rows, which the model can hardly learn: %d", d.target.name, rareClass, rare)
	default:
		d.split, d.why = fmt.Sprintf("{kind: random, %s, seed: 42}", sizes), held
	}
}

// timeline returns the column that orders the rows in time.
func (d *draft) timeline() (column, bool) {
	times := d.with(moment)
	if len(times) != 1 {
		return column{}, false
	}
	t := times[0]
	return t, t.missing == 0 && t.rising >= inOrder && 2*t.distinct > t.rows
}
