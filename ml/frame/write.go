package frame

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"
)

// WriteCSV writes f as CSV: comma, LF, a header line, quotes only where they
// are needed. A null is an empty cell and an empty text is a quoted one. Read
// back with f's schema it gives an equal frame; without, texts that look like
// numbers become numbers. Numbers that are not finite are refused, since CSV has
// no form for them.
func WriteCSV(w io.Writer, f *Frame) error {
	b := bufio.NewWriterSize(w, 64<<10)
	for j := range f.Cols() {
		name := f.At(j).Field.Name
		if name == "" {
			return fmt.Errorf("write csv: column %d has no name", j+1)
		}
		writeText(b, j, name)
	}
	_ = b.WriteByte('\n') // a bufio.Writer keeps its error for Flush
	for i := range f.Rows() {
		for j := range f.Cols() {
			c := f.At(j)
			switch {
			case c.IsNull(i):
				if j > 0 {
					_ = b.WriteByte(',')
				}
			case c.Field.Type == String:
				writeText(b, j, c.Texts[i])
			case c.Field.Type == Float64 && (math.IsNaN(c.Floats[i]) || math.IsInf(c.Floats[i], 0)):
				return fmt.Errorf("write csv: row %d, column %q: %v is not finite", i+1, c.Field.Name, c.Floats[i])
			default:
				if j > 0 {
					_ = b.WriteByte(',')
				}
				_, _ = b.WriteString(c.Text(i))
			}
		}
		_ = b.WriteByte('\n')
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// writeText writes the cell of column j, after a separator if it is not the
// first.
func writeText(b *bufio.Writer, j int, s string) {
	if j > 0 {
		_ = b.WriteByte(',')
	}
	if s != "" && !strings.ContainsAny(s, ",\"\r\n") && !strings.HasPrefix(s, "\ufeff") {
		_, _ = b.WriteString(s)
		return
	}
	_ = b.WriteByte('"')
	_, _ = b.WriteString(strings.ReplaceAll(s, `"`, `""`))
	_ = b.WriteByte('"')
}
