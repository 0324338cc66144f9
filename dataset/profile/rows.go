package profile

import (
	"math"
	"slices"

	"gristmill/ml/frame"
)

// duplicates counts the rows that came before, by their hashes. When there are
// too many different ones, only hashes below a limit are kept, which are an even
// sample of the different rows.
type duplicates struct {
	seen  map[uint64]int32
	limit uint64
}

// maxSeen bounds the different rows that are remembered.
const maxSeen = 2_000_000

func newDuplicates() *duplicates {
	return &duplicates{seen: map[uint64]int32{}, limit: math.MaxUint64}
}

func (d *duplicates) add(hashes []uint64) {
	for _, h := range hashes {
		if h > d.limit {
			continue
		}
		d.seen[h]++
		for len(d.seen) > maxSeen {
			d.limit /= 2
			for old := range d.seen {
				if old > d.limit {
					delete(d.seen, old)
				}
			}
		}
	}
}

// estimate returns how many rows are equal to one before them.
func (d *duplicates) estimate() (rows int, approximate bool) {
	for _, n := range d.seen {
		rows += int(n) - 1
	}
	if d.limit == math.MaxUint64 {
		return rows, false
	}
	return int(math.Round(float64(rows) * (math.MaxUint64 / float64(d.limit)))), true
}

const (
	firstRows = 5
	drawnRows = 10
)

// sample keeps the first rows and those of the others whose numbers have the
// smallest hashes.
type sample struct {
	first []Row
	drawn []drawn // by hash
}

type drawn struct {
	hash uint64
	row  Row
}

func newSample() *sample { return &sample{} }

// add looks at a batch that begins with row number start.
func (s *sample) add(f *frame.Frame, start int) {
	for i := range f.Rows() {
		if len(s.first) < firstRows {
			s.first = append(s.first, rowOf(f, i, start))
			continue
		}
		h := mix(uint64(start + i))
		if len(s.drawn) == drawnRows && h >= s.drawn[drawnRows-1].hash {
			continue
		}
		at, _ := slices.BinarySearchFunc(s.drawn, h, func(d drawn, h uint64) int {
			if d.hash < h {
				return -1
			}
			return 1
		})
		s.drawn = slices.Insert(s.drawn, at, drawn{h, rowOf(f, i, start)})
		s.drawn = s.drawn[:min(len(s.drawn), drawnRows)]
	}
}

func rowOf(f *frame.Frame, i, start int) Row {
	r := Row{Row: start + i, Cells: make([]*string, min(f.Cols(), SampleColumns))}
	for j := range r.Cells {
		if c := f.At(j); !c.IsNull(i) {
			text := string([]byte(frame.Shorten(c.Text(i)))) // not a piece of a batch
			r.Cells[j] = &text
		}
	}
	return r
}

// rows returns the sample in the order of the table.
func (s *sample) rows() []Row {
	out := slices.Clone(s.first)
	for _, d := range s.drawn {
		out = append(out, d.row)
	}
	slices.SortFunc(out, func(a, b Row) int { return a.Row - b.Row })
	return out
}
