package csv

import (
	"encoding/binary"
	"strings"
)

// interner turns bytes into strings that share memory: short texts that come
// again and again are stored once, others side by side in large blocks. It is a
// cache, not a set: a collision costs a copy.
type interner struct {
	slots []string // a power of two
	size  int      // of a block
	block strings.Builder
}

// habit is how often a column's texts were found in the cache. A column whose
// texts are rarely found is not looked up any more.
type habit struct{ tries, hits int32 }

const (
	internMax   = 32
	internSlots = 4096
	internFew   = 256 // slots for a small file
	internTrial = 1024
	blockSize   = 64 << 10
	smallFile   = 16 << 10
)

// fit makes the cache for a block of n bytes, if there is none.
func (t *interner) fit(n int) {
	if t.slots != nil {
		return
	}
	t.size = blockSize
	slots := internSlots
	if n < smallFile {
		slots, t.size = internFew, max(n, 64)
	}
	t.slots = make([]string, slots)
}

func (t *interner) get(b []byte, h *habit) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > internMax || h.tries >= internTrial && h.hits < h.tries/2 {
		return t.store(b)
	}
	slot := &t.slots[hash(b)&uint64(len(t.slots)-1)]
	h.tries++
	if *slot == string(b) {
		h.hits++
		return *slot
	}
	*slot = t.store(b)
	return *slot
}

// hash mixes eight bytes at a time; the last eight may be read twice.
func hash(b []byte) uint64 {
	const prime = 0x9E3779B97F4A7C15
	h := uint64(len(b))
	n := len(b)
	if n < 8 {
		for _, c := range b {
			h = h<<8 | uint64(c) ^ h>>56
		}
		h *= prime
		return h >> 40
	}
	for i := 0; i+8 < n; i += 8 {
		h = (h ^ binary.LittleEndian.Uint64(b[i:])) * prime
		h ^= h >> 29
	}
	h = (h ^ binary.LittleEndian.Uint64(b[n-8:])) * prime
	return h >> 40
}

func (t *interner) store(b []byte) string {
	if len(b) > t.size/8 {
		return string(b)
	}
	if t.block.Len()+len(b) > t.block.Cap() {
		t.block = strings.Builder{}
		t.block.Grow(t.size)
	}
	t.block.Write(b)
	all := t.block.String()
	return all[len(all)-len(b):]
}
