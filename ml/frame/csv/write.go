package csv

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"gristmill/ml/frame"
)

// Write writes f as CSV: comma, LF, a header line, quotes only where they
// are needed. A null is an empty cell and an empty text is a quoted one. A time
// is written in its field's format, and what that does not tell is lost. Read
// back with f's schema it gives an equal frame; without, texts that look like
// numbers become numbers. Numbers that are not finite are refused, since CSV has
// no form for them.
func Write(w io.Writer, f *frame.Frame) error {
	b := bufio.NewWriterSize(w, 64<<10)
	formats := make([]*frame.TimeFormat, f.Cols())
	for j := range f.Cols() {
		field := f.At(j).Field
		if field.Name == "" {
			return fmt.Errorf("write csv: column %d has no name", j+1)
		}
		if field.Type == frame.Timestamp {
			format, err := frame.NewTimeFormat(field.Format)
			if err != nil {
				return fmt.Errorf("write csv: column %q: %w", field.Name, err)
			}
			formats[j] = format
		}
		if j > 0 {
			_ = b.WriteByte(',') // a bufio.Writer keeps its error for Flush
		}
		writeText(b, field.Name, f.Cols() == 1 && otherSeparator(field.Name, ',') != "")
	}
	_ = b.WriteByte('\n')
	var digits []byte
	for i := range f.Rows() {
		for j := range f.Cols() {
			if j > 0 {
				_ = b.WriteByte(',')
			}
			c := f.At(j)
			if c.IsNull(i) {
				continue
			}
			digits = digits[:0]
			switch c.Field.Type {
			case frame.String:
				writeText(b, c.Texts[i], false)
				continue
			case frame.Timestamp:
				writeText(b, formats[j].Format(c.Ints[i]), false)
				continue
			case frame.Float64:
				if math.IsNaN(c.Floats[i]) || math.IsInf(c.Floats[i], 0) {
					return fmt.Errorf("write csv: row %d, column %q: %v is not finite", i+1, c.Field.Name, c.Floats[i])
				}
				digits = strconv.AppendFloat(digits, c.Floats[i], 'g', -1, 64)
			case frame.Int64:
				digits = strconv.AppendInt(digits, c.Ints[i], 10)
			default:
				digits = strconv.AppendBool(digits, c.Bools[i])
			}
			_, _ = b.Write(digits)
		}
		_ = b.WriteByte('\n')
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// writeText writes a text, in quotes if it needs them or quote says so.
func writeText(b *bufio.Writer, s string, quote bool) {
	if !quote && s != "" && !strings.ContainsAny(s, ",\"\r\n") && !strings.HasPrefix(s, "\ufeff") {
		_, _ = b.WriteString(s)
		return
	}
	_ = b.WriteByte('"')
	_, _ = b.WriteString(strings.ReplaceAll(s, `"`, `""`))
	_ = b.WriteByte('"')
}
