package profile

import (
	"math"
	"slices"
)

// sketch estimates how many different values there are from the smallest of their
// hashes: if the k-th smallest of hashes spread evenly over [0, 1) is h, there
// are about (k-1)/h (Bar-Yossef et al. 2002, "Counting distinct elements in a
// data stream"). It depends on the set of values only, not on their order.
type sketch struct {
	smallest []uint64 // sorted, distinct, at most sketchSize
}

// sketchSize gives a standard error of 1/sqrt(1024), about 3 %.
const sketchSize = 1024

func newSketch() *sketch { return &sketch{smallest: make([]uint64, 0, sketchSize+1)} }

// add notes the hash of a value.
func (s *sketch) add(h uint64) {
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

// nothing stands for the hash of a missing value, and keeps 0 from being one.
const nothing = 0x9e3779b97f4a7c15

// mix spreads the bits of a number evenly (the finalizer of SplitMix64, Steele
// et al. 2014, "Fast splittable pseudorandom number generators").
func mix(x uint64) uint64 {
	x += nothing
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hashText hashes a text, eight bytes at a time.
func hashText(s string) uint64 {
	h := mix(uint64(len(s)))
	for len(s) >= 8 {
		h = mix(h ^ (uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56))
		s = s[8:]
	}
	var last uint64
	for i := range len(s) {
		last |= uint64(s[i]) << (8 * i)
	}
	return mix(h ^ last)
}
