package split

import (
	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/frame"
)

// timed gives the newest rows to the test and those before them to the
// validation. Rows of one time stay together: each cut is made between two
// times, where it comes nearest to the fraction.
func timed(f *frame.Frame, s dataset.SplitSpec) (Parts, error) {
	moments, err := momentsOf(f, indices(f.Rows()), "data.split.by", s.By)
	if err != nil {
		return Parts{}, err
	}
	sizes := []int{share(f.Rows(), s.Test)}
	if s.Validation > 0 {
		sizes = append(sizes, share(f.Rows(), s.Validation))
	}
	if len(moments) <= len(sizes) {
		return Parts{}, gristmill.Errorf(gristmill.Invalid, "data.split: column %q holds %d different times, which are too few for test %v and validation %v; expected %d at least, one for each part", s.By, len(moments), s.Test, s.Validation, len(sizes)+1)
	}
	// From the oldest on: where the validation and where the test begin.
	at := make([]int, len(sizes))
	end := f.Rows()
	for i, n := range sizes {
		end -= n
		at[len(at)-1-i] = end
	}
	cuts := cut(moments, at)
	p := Parts{Train: concat(moments[:cuts[0]]), Test: concat(moments[cuts[len(cuts)-1]:])}
	if s.Validation > 0 {
		p.Validation = concat(moments[cuts[0]:cuts[1]])
	}
	return p, nil
}

// cut returns for each wished number of rows before a cut the number of moments
// before it: the nearest, of two equally near the later, with one moment at
// least between two cuts, before the first and after the last. There must be
// more moments than cuts.
func cut(moments []*group, at []int) []int {
	before := make([]int, len(moments)+1) // rows before each moment
	for i, m := range moments {
		before[i+1] = before[i] + len(m.rows)
	}
	cuts := make([]int, len(at))
	low := 1
	for i, want := range at {
		high := len(moments) - (len(at) - i)
		best := low
		for k := low + 1; k <= high && before[k-1] < want; k++ {
			if distance(before[k]-want) <= distance(before[best]-want) {
				best = k
			}
		}
		cuts[i], low = best, best+1
	}
	return cuts
}
