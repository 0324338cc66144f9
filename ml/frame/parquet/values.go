package parquet

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"gristmill/ml/frame"
	"gristmill/ml/frame/parquet/format"
)

// The encodings of values.
const (
	encPlain       = 0
	encPlainDict   = 2
	encRLE         = 3
	encBitPacked   = 4
	encDelta       = 5
	encDeltaLength = 6
	encDeltaBytes  = 7
	encDict        = 8
	encSplit       = 9
)

// span is where a value of bytes lies.
type span struct{ from, to int }

// decoder turns encoded values of one column into a frame's. It is for one
// goroutine.
type decoder struct {
	*leaf
	budget *budget
	dict   *vector // of the chunk, or nil

	spans []span
	ints  []int64
	join  []byte
	block [1024]uint32
}

// values appends n values to v, which has room for them.
func (d *decoder) values(v *vector, encoding int32, data []byte, n int) error {
	switch {
	case n == 0:
		return nil
	case encoding == encDict || encoding == encPlainDict:
		return d.indexed(v, data, n)
	case encoding == encSplit:
		size := d.size()
		if size == 0 || len(data) != n*size {
			return d.odd(encoding, n, data)
		}
		d.join = slices.Grow(d.join[:0], len(data))[:len(data)]
		for k := range size {
			for i, b := range data[k*n : (k+1)*n] {
				d.join[i*size+k] = b
			}
		}
		data, encoding = d.join, encPlain
	}
	switch d.phys {
	case format.Bool:
		return d.boolValues(v, encoding, data, n)
	case format.Int32, format.Int64:
		return d.wholes(v, encoding, data, n)
	case format.Float, format.Double:
		return d.reals(v, encoding, data, n)
	default:
		return d.byteValues(v, encoding, data, n)
	}
}

// size returns the bytes of a plain value of a fixed size, or 0.
func (d *decoder) size() int {
	switch d.phys {
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	case format.Int96:
		return 12
	case format.Fixed:
		return d.length
	default:
		return 0
	}
}

func (d *decoder) odd(encoding int32, n int, data []byte) error {
	return damaged("a page of %d bytes cannot hold %d values of type %s in encoding %d", len(data), n, physName(d.phys), encoding)
}

// indexed takes values from the dictionary.
func (d *decoder) indexed(v *vector, data []byte, n int) error {
	if d.dict == nil {
		return damaged("its values point into a dictionary, which is missing")
	}
	if len(data) == 0 || data[0] > 32 {
		return damaged("the values that point into the dictionary are cut short")
	}
	h := hybrid{b: data[1:], width: int(data[0])}
	for n > 0 {
		block := d.block[:min(n, len(d.block))]
		if !h.next(block) {
			return damaged("the values that point into the dictionary are cut short")
		}
		if most := slices.Max(block); int(most) >= d.dict.n {
			return damaged("a value is number %d of a dictionary of %d", most, d.dict.n)
		}
		v.gather(d.dict, block)
		n -= len(block)
	}
	return nil
}

func (d *decoder) boolValues(v *vector, encoding int32, data []byte, n int) error {
	h := hybrid{width: 1}
	switch {
	case encoding == encPlain && len(data) >= (n+7)/8:
		h.packed, h.left = data, n
	case encoding == encRLE && len(data) >= 4:
		size := binary.LittleEndian.Uint32(data)
		if uint64(size) > uint64(len(data)-4) {
			return d.odd(encoding, n, data)
		}
		h.b = data[4 : 4+size]
	default:
		return d.odd(encoding, n, data)
	}
	for n > 0 {
		block := d.block[:min(n, len(d.block))]
		if !h.next(block) {
			return d.odd(encoding, n, data)
		}
		for _, b := range block {
			v.bools = append(v.bools, b != 0)
		}
		n -= len(block)
	}
	return nil
}

// wholes decodes int32 and int64 of any meaning.
func (d *decoder) wholes(v *vector, encoding int32, data []byte, n int) (err error) {
	to := &v.ints
	if v.kind != frame.Int64 && v.kind != frame.Timestamp {
		d.ints = d.ints[:0]
		to = &d.ints
	}
	from := len(*to)
	size := d.size()
	switch {
	case encoding == encPlain && len(data) >= n*size:
		*to = slices.Grow(*to, n)[:from+n]
		out := (*to)[from:]
		if size == 8 {
			for i := range out {
				out[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
			}
		} else {
			for i := range out {
				out[i] = int64(int32(binary.LittleEndian.Uint32(data[4*i:])))
			}
		}
	case encoding == encDelta:
		if *to, _, err = deltas(*to, data, n); err != nil {
			return err
		}
		if size == 4 {
			for i, x := range (*to)[from:] {
				(*to)[from+i] = int64(int32(x)) // differences wrap around
			}
		}
	default:
		return d.odd(encoding, n, data)
	}
	return d.convert(v, (*to)[from:])
}

// convert gives whole numbers their meaning: in place where they stay whole.
func (d *decoder) convert(v *vector, x []int64) error {
	switch d.means {
	case asUint:
		for i := range x {
			if d.phys == format.Int32 {
				x[i] = int64(uint32(x[i]))
			} else if x[i] < 0 {
				return &Error{Msg: fmt.Sprintf("%d is beyond int64, the largest whole number of a table; write the column as double", uint64(x[i]))}
			}
		}
	case asDate:
		const day = 24 * 60 * 60 * 1000000
		for i := range x {
			if x[i] < earliest/day || x[i] > latest/day {
				return beyond()
			}
			x[i] *= day
		}
	case asMoment:
		for i := range x {
			switch d.unit {
			case 1:
				if x[i] < earliest/1000 || x[i] > latest/1000 {
					return beyond()
				}
				x[i] *= 1000
			case 3:
				x[i] = floorDiv(x[i], 1000)
			}
			if x[i] < earliest || x[i] > latest {
				return beyond()
			}
		}
	case asClock:
		per := []float64{1e3, 1e6, 1e9}[d.unit-1]
		for _, t := range x {
			v.floats = append(v.floats, float64(t)/per)
		}
	case asNumber:
		for _, t := range x {
			v.floats = append(v.floats, decimal(t, d.scale))
		}
	case asNothing:
		for range x {
			v.texts = append(v.texts, "")
		}
	}
	return nil
}

// The moments of the years 1 to 9999, which a text of ISO 8601 can hold.
const (
	earliest = -62135596800 * 1000000
	latest   = 253402300800*1000000 - 1
)

func beyond() error {
	return &Error{Msg: "it has a time beyond the years 1 to 9999"}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// decimal returns the float64 nearest to t / 10^scale. Both are exact in a
// float64 in the first case, so that one division rounds once.
func decimal(t int64, scale int32) float64 {
	if scale <= 22 && t >= -1<<53 && t <= 1<<53 {
		return float64(t) / math.Pow10(int(scale))
	}
	return decimalText(strconv.FormatInt(t, 10), scale)
}

func decimalText(digits string, scale int32) float64 {
	f, err := strconv.ParseFloat(digits+"e-"+strconv.Itoa(int(scale)), 64)
	if err != nil {
		return math.Copysign(math.Inf(1), f) // beyond a float64
	}
	return f
}

func (d *decoder) reals(v *vector, encoding int32, data []byte, n int) error {
	if encoding != encPlain || len(data) < n*d.size() {
		return d.odd(encoding, n, data)
	}
	from := len(v.floats)
	v.floats = slices.Grow(v.floats, n)[:from+n]
	out := v.floats[from:]
	if d.phys == format.Double {
		for i := range out {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
		return nil
	}
	for i := range out {
		out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
	}
	return nil
}

// byteValues decodes byte arrays, those of a fixed length, and int96.
func (d *decoder) byteValues(v *vector, encoding int32, data []byte, n int) error {
	data, err := d.locate(encoding, data, n)
	if err != nil {
		return err
	}
	switch d.means {
	case asText:
		if err := d.budget.take(int64(len(data))); err != nil {
			return err
		}
		all := string(data) // one allocation for the page's texts
		for _, s := range d.spans {
			text := all[s.from:s.to]
			if !utf8.ValidString(text) {
				return &Error{Msg: fmt.Sprintf("it has bytes that are no text in UTF-8 (0x%s)%s", shortHex(text), advice)}
			}
			v.texts = append(v.texts, text)
		}
	case asUUID:
		for _, s := range d.spans {
			v.texts = append(v.texts, uuid(data[s.from:s.to]))
		}
	case asHalf:
		for _, s := range d.spans {
			v.floats = append(v.floats, half(binary.LittleEndian.Uint16(data[s.from:])))
		}
	case asNumber:
		for _, s := range d.spans {
			x, err := bigDecimal(data[s.from:s.to], d.scale)
			if err != nil {
				return err
			}
			v.floats = append(v.floats, x)
		}
	case asInt96:
		for _, s := range d.spans {
			nanos, day := int64(binary.LittleEndian.Uint64(data[s.from:])), int64(binary.LittleEndian.Uint32(data[s.from+8:]))
			const epoch, dayMicros = 2440588, 24 * 60 * 60 * 1e6 // Julian day of 1970-01-01
			t := (day-epoch)*dayMicros + floorDiv(nanos, 1000)
			if day > 1<<25 || nanos < 0 || nanos/1000 >= 2*dayMicros || t < earliest || t > latest {
				return beyond()
			}
			v.ints = append(v.ints, t)
		}
	case asNothing:
		for range d.spans {
			v.texts = append(v.texts, "")
		}
	}
	return nil
}

// locate finds the spans of n values; the bytes returned are what they are of.
func (d *decoder) locate(encoding int32, data []byte, n int) ([]byte, error) {
	size := d.size()
	switch {
	case encoding == encPlain && size > 0 && n <= len(data)/size:
		d.spans = slices.Grow(d.spans[:0], n)
		for i := range n {
			d.spans = append(d.spans, span{i * size, (i + 1) * size})
		}
		return data, nil
	case encoding == encPlain && size == 0 && n <= len(data)/4:
		d.spans = slices.Grow(d.spans[:0], n)
		at := 0
		for range n {
			if len(data)-at < 4 {
				return nil, d.odd(encoding, n, data)
			}
			length := int(binary.LittleEndian.Uint32(data[at:]))
			at += 4
			if length > len(data)-at {
				return nil, d.odd(encoding, n, data)
			}
			d.spans = append(d.spans, span{at, at + length})
			at += length
		}
		return data, nil
	case encoding == encDeltaLength && d.phys == format.Bytes:
		rest, err := d.lengths(data, n)
		return rest, err
	case encoding == encDeltaBytes && (d.phys == format.Bytes || d.phys == format.Fixed):
		return d.prefixed(data, n)
	default:
		return nil, d.odd(encoding, n, data)
	}
}

// lengths decodes DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes.
func (d *decoder) lengths(data []byte, n int) (rest []byte, err error) {
	if d.ints, rest, err = deltas(d.ints[:0], data, n); err != nil {
		return nil, err
	}
	d.spans = slices.Grow(d.spans[:0], n)
	at := 0
	for _, length := range d.ints {
		if length < 0 || length > int64(len(rest)-at) {
			return nil, damaged("a text would have %d bytes", length)
		}
		d.spans = append(d.spans, span{at, at + int(length)})
		at += int(length)
	}
	return rest, nil
}

// prefixed decodes DELTA_BYTE_ARRAY: how much of the value before each value
// begins with, and the rests as DELTA_LENGTH_BYTE_ARRAY. A few bytes can unfold
// to very many, which the budget bounds.
func (d *decoder) prefixed(data []byte, n int) ([]byte, error) {
	prefixes, rest, err := deltas(nil, data, n)
	if err != nil {
		return nil, err
	}
	if rest, err = d.lengths(rest, n); err != nil {
		return nil, err
	}
	d.join = d.join[:0]
	last := span{}
	for i, s := range d.spans {
		p := prefixes[i]
		if p < 0 || p > int64(last.to-last.from) {
			return nil, damaged("a text would begin with %d bytes of one of %d", p, last.to-last.from)
		}
		if err := d.budget.take(p + int64(s.to-s.from)); err != nil {
			return nil, err
		}
		from := len(d.join)
		d.join = append(d.join, d.join[last.from:last.from+int(p)]...)
		d.join = append(d.join, rest[s.from:s.to]...)
		last = span{from, len(d.join)}
		if d.phys == format.Fixed && last.to-last.from != d.length {
			return nil, damaged("a value has %d bytes instead of %d", last.to-last.from, d.length)
		}
		d.spans[i] = last
	}
	return d.join, nil
}

func shortHex(s string) string {
	const most = 8
	if len(s) > most {
		return hex.EncodeToString([]byte(s[:most])) + "…"
	}
	return hex.EncodeToString([]byte(s))
}

func uuid(b []byte) string {
	var out [36]byte
	at := 0
	for i, x := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out[at] = '-'
			at++
		}
		hex.Encode(out[at:], []byte{x})
		at += 2
	}
	return string(out[:])
}

// half returns an IEEE 754 binary16 number.
func half(h uint16) float64 {
	sign, exp, frac := 1.0, int(h>>10&31), float64(h&1023)
	if h>>15 != 0 {
		sign = -1
	}
	switch exp {
	case 0:
		return sign * math.Ldexp(frac, -24)
	case 31:
		if frac != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	default:
		return sign * math.Ldexp(1024+frac, exp-25)
	}
}

// bigDecimal reads an unscaled big-endian number in two's complement.
func bigDecimal(b []byte, scale int32) (float64, error) {
	if len(b) > 64 {
		return 0, &Error{Msg: fmt.Sprintf("it has a decimal of %d bytes; at most 64 are read", len(b))}
	}
	if len(b) == 0 {
		return 0, damaged("a decimal has no bytes")
	}
	if len(b) <= 8 {
		t := int64(int8(b[0]))
		for _, x := range b[1:] {
			t = t<<8 | int64(x)
		}
		return decimal(t, scale), nil
	}
	n := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if n.IsInt64() {
		return decimal(n.Int64(), scale), nil
	}
	return decimalText(n.String(), scale), nil
}
