package ml

import (
	"encoding/binary"
	"fmt"
	"math"
)

// PutFloats returns numbers as a blob: 8 bytes each, IEEE 754, little-endian.
func PutFloats(v []float64) []byte {
	b := make([]byte, 0, 8*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

// Floats reads a blob of n numbers. Another length is an error.
func Floats(b []byte, n int) ([]float64, error) {
	if n < 0 || len(b) != 8*n {
		return nil, fmt.Errorf("read numbers: %d bytes, %d numbers need %d", len(b), n, 8*n)
	}
	v := make([]float64, n)
	for i := range v {
		v[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return v, nil
}

// Blob reads the named blob of e as n numbers.
func (e Encoded) Blob(name string, n int) ([]float64, error) {
	b, ok := e.Blobs[name]
	if !ok {
		return nil, fmt.Errorf("decode %s: blob %q is missing", e.Kind, name)
	}
	v, err := Floats(b, n)
	if err != nil {
		return nil, fmt.Errorf("decode %s: blob %q: %w", e.Kind, name, err)
	}
	return v, nil
}
