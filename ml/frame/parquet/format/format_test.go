package format_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"gristmill/ml/frame/parquet/format"
)

func Example() {
	b, err := os.ReadFile("../testdata/split_ints.parquet")
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := format.ReadMeta(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range m.Elements {
		fmt.Println(e.Name, e.Phys, e.Children)
	}
	for _, g := range m.Groups {
		fmt.Println(g.Rows, "rows,", len(g.Chunks), "chunks, the first of", g.Chunks[0].Nulls, "nulls at byte", g.Chunks[0].Offset())
	}
	h, length, err := format.ParsePageHead(b[m.Groups[0].Chunks[0].Offset():])
	fmt.Println(h.Kind == format.PageData, h.Values, length > 10, err)
	// Output:
	// schema -1 2
	// int32 1 0
	// int64 2 0
	// 23 rows, 2 chunks, the first of 4 nulls at byte 4
	// 23 rows, 2 chunks, the first of 5 nulls at byte 497
	// 15 rows, 2 chunks, the first of 3 nulls at byte 978
	// true 20 true <nil>
}

// file wraps a footer.
func file(footer []byte) []byte {
	b := append([]byte("PAR1"), footer...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(footer)))
	return append(b, "PAR1"...)
}

func readMeta(b []byte) (*format.Meta, error) {
	return format.ReadMeta(bytes.NewReader(b), int64(len(b)))
}

// A length is a claim: none is believed, and no depth is followed for ever.
func TestScrambledFootersAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	endless := []byte{0xf5, 0xff, 0xff, 0xff, 0x7f} // a list of 2^31 whole numbers
	for name, footer := range map[string][]byte{
		"a list of two billion":         append([]byte{0x29}, endless...),
		"a skipped list of two billion": append([]byte{0x79}, endless...),
		"a text of a terabyte":          {0x68, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f},
		"a varint without end":          bytes.Repeat([]byte{0xff}, 64),
		"structs within structs":        bytes.Repeat([]byte{0x9c}, 1<<16),
		"lists within lists":            append([]byte{0x79}, bytes.Repeat([]byte{0x19}, 1<<16)...),
		"maps within maps":              append([]byte{0x7b}, bytes.Repeat([]byte{0x01, 0xbb}, 1<<16)...),
		"a field of no type":            {0x1d},
		"a number where a list belongs": {0x25, 0x02, 0x00},
	} {
		var e *format.Error
		if _, err := readMeta(file(footer)); !errors.As(err, &e) || e.Msg != "the file is damaged: its metadata is cut short or scrambled" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every field that the format may get one day is passed over.
func TestUnknownFieldsArePassedOver(t *testing.T) {
	t.Parallel()
	var b []byte
	b = append(b, 0x01, 50)                     // field 25, true
	b = append(b, 0x13, 7)                      // a byte
	b = append(b, 0x17, 1, 2, 3, 4, 5, 6, 7, 8) // a double
	b = append(b, 0x18, 2, 'h', 'i')            // a binary
	b = append(b, 0x19, 0x21, 1, 2)             // a list of two bools
	b = append(b, 0x1b, 1, 0x58, 4, 1, 'x')     // a map of one i32 to a binary
	b = append(b, 0x1b, 0)                      // a map of none
	b = append(b, 0x1c, 0x15, 2, 0x00)          // a struct
	b = append(b, 0x06, 6, 84)                  // field 3: 42 rows
	b = append(b, 0x00)
	m, err := readMeta(file(b))
	if err != nil || m.Rows != 42 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestAFooterCutAnywhereIsAnError(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("../testdata/split_ints.parquet")
	if err != nil {
		t.Fatal(err)
	}
	n := int(binary.LittleEndian.Uint32(good[len(good)-8:]))
	footer := good[len(good)-8-n : len(good)-8]
	for i := range footer {
		_, err := readMeta(file(slices.Clone(footer[:i])))
		if err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}
