package profile

import (
	"encoding/json"
	"fmt"

	"gristmill"
	"gristmill/ml/frame"
)

// Profile says what each column of a table holds. The same table gives the same
// bytes of JSON, whatever the sizes of the batches in which it was read.
type Profile struct {
	Rows    int      `json:"rows"`
	Columns []Column `json:"columns"`
	// Target is the column to which Column.Target relates; "" if none is known.
	Target string `json:"target,omitempty"`
	// Duplicates is how many rows are equal to one before them.
	Duplicates int `json:"duplicates,omitempty"`
	// DuplicatesApproximate: there were more different rows than are
	// remembered (two million), so Duplicates is an estimate.
	DuplicatesApproximate bool `json:"duplicates_approximate,omitempty"`
	// Sample holds the first five rows and ten that are drawn, in the order of
	// the table.
	Sample []Row `json:"sample,omitempty"`
	// Alerts is what a person should look at, the table's first.
	Alerts []Alert `json:"alerts,omitempty"`
}

// Column says what one column holds. Numbers that the column has not (a mean of
// texts, a deviation of one value) are left out. Those of a timestamp are
// seconds since 1970.
type Column struct {
	Name        string     `json:"name"`
	Type        frame.Type `json:"type"`
	Missing     int        `json:"missing"`
	NotFinite   int        `json:"not_finite,omitempty"` // NaN and infinities; out of all numbers below
	Distinct    int        `json:"distinct"`             // different values, nulls not counted
	Approximate bool       `json:"approximate,omitempty"`
	// Approximate: beyond DistinctCap different texts (or ExactValues numbers),
	// Distinct is an estimate (about 3 % standard error), and Top knows only
	// texts that came before.
	Min       *float64   `json:"min,omitempty"`
	Max       *float64   `json:"max,omitempty"`
	Mean      *float64   `json:"mean,omitempty"`
	Std       *float64   `json:"std,omitempty"`       // of the sample: divided by n-1
	Quantiles []Quantile `json:"quantiles,omitempty"` // at 0, 1, 5, 25, 50, 75, 95, 99 and 100 %
	Top       []Count    `json:"top,omitempty"`       // the most frequent values, at most TopValues

	// Sampled is the number of values that Quantiles, Histogram and, of a
	// column of many different numbers, Top were taken from, when there were
	// more than ExactValues: a sample drawn evenly. The rank of a quantile then
	// has a standard error of 0.5/sqrt(Sampled), 0.07 % or less of the rows in
	// a table of up to 64 columns.
	Sampled       int          `json:"sampled,omitempty"`
	Zeros         int          `json:"zeros,omitempty"`
	DistinctShare float64      `json:"distinct_share,omitempty"` // Distinct of all values
	First         string       `json:"first,omitempty"`          // of a timestamp: the oldest, as text
	Last          string       `json:"last,omitempty"`
	Length        *Length      `json:"length,omitempty"` // of texts
	Histogram     *Histogram   `json:"histogram,omitempty"`
	Target        *Association `json:"target,omitempty"`
}

// Quantile is the value below which a share P of the column lies, interpolated
// linearly between neighbours (type 7 of Hyndman and Fan 1996; NumPy's default).
type Quantile struct {
	P     float64 `json:"p"` // from 0 to 1
	Value float64 `json:"value"`
}

// Count is a value, as text, and how often it comes.
type Count struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Length is how many characters the texts of a column have.
type Length struct {
	Min  int     `json:"min"`
	Max  int     `json:"max"`
	Mean float64 `json:"mean"`
}

// Histogram counts values between edges: bin i holds those from Edges[i] to
// below Edges[i+1], the last bin its upper edge too. A column most of whose
// range is a few outliers is shown without these, which are only counted.
type Histogram struct {
	Edges  []float64 `json:"edges"`
	Counts []int     `json:"counts"`
	Below  int       `json:"below,omitempty"` // outliers below the first edge
	Above  int       `json:"above,omitempty"`
}

// Association is how far a column and the target go together.
type Association struct {
	Measure string  `json:"measure"` // Pearson, Eta or CramersV
	Value   float64 `json:"value"`   // from -1 (Pearson) or 0 to 1
	Rows    int     `json:"rows"`    // where both have a value
}

// Row is a row of the table as text; a nil cell holds no value. It has the first
// SampleColumns columns at most, and long texts are shortened.
type Row struct {
	Row   int       `json:"row"` // 0-based
	Cells []*string `json:"cells"`
}

// Limits of a profile.
const (
	// TopValues is how many frequent values a profile lists.
	TopValues = 10
	// DistinctCap is how many different texts of a column are counted exactly;
	// of a table of more than 100 columns it is fewer.
	DistinctCap = 100_000
	// ExactValues is from how many numbers of a column all figures are exact;
	// of a table of more than 64 columns it is fewer.
	ExactValues = 1 << 20
	// SampleColumns is how many columns the sample rows show.
	SampleColumns = 100
)

// Options say what a profile is for.
type Options struct {
	Target string // the column to predict, if known
}

// New looks at every value of f.
func New(f *frame.Frame, o Options) Profile {
	b := NewBuilder(f.Schema(), o)
	b.add(f)
	return b.Finish()
}

// Encode returns the profile as JSON and the digest of that.
func (p Profile) Encode() ([]byte, gristmill.Digest, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, "", fmt.Errorf("encode profile: %w", err)
	}
	return b, gristmill.DigestOf(b), nil
}
