package dataset

import (
	"math"
	"slices"
)

// sketch estimates how many different texts there are from the smallest of their
// hashes: if the k-th smallest of hashes spread evenly over [0, 1) is h, there
// are about (k-1)/h (Bar-Yossef et al. 2002, "Counting distinct elements in a
// data stream"). It depends on the set of texts only, not on their order.
type sketch struct {
	smallest []uint64 // sorted, distinct, at most sketchSize
}

// sketchSize gives a standard error of 1/sqrt(1024), about 3 %.
const sketchSize = 1024

func newSketch() *sketch { return &sketch{smallest: make([]uint64, 0, sketchSize+1)} }

func (s *sketch) add(text string) {
	h := hash64(text)
	full := len(s.smallest) == sketchSize
	if full && h >= s.smallest[sketchSize-1] {
		return
	}
	i, found := slices.BinarySearch(s.smallest, h)
	if found {
		return
	}
	s.smallest = slices.Insert(s.smallest, i, h)
	if full {
		s.smallest = s.smallest[:sketchSize]
	}
}

func (s *sketch) estimate() int {
	if len(s.smallest) < sketchSize {
		return len(s.smallest)
	}
	return int(math.Round((sketchSize - 1) / (float64(s.smallest[sketchSize-1]) / math.Exp2(64))))
}

// hash64 is FNV-1a, whose bits are then mixed (the finalizer of MurmurHash3), as
// the sketch needs even bits at the top.
func hash64(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
