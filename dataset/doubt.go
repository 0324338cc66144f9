package dataset

import (
	"fmt"
	"strconv"
	"strings"

	"gristmill/ml/frame"
)

// Doubts names the columns that were read as text although almost all of their
// cells are numbers: one stray cell turns a number into a category, which nobody
// would see in the model. A cell that stands for no value belongs into
// Spec.Nulls, a wrong one into a pinned schema's refusal.
func Doubts(f *frame.Frame) []string {
	var d doubter
	d.add(f)
	return d.list()
}

// doubter gathers the doubts of a table that comes in parts.
type doubter struct {
	rows int
	cols []doubt
}

// doubt is what is known of a column so far.
type doubt struct {
	name           string
	numbers, cells int
	row            int // of the first cell that is no number, from 1; 0 for none
	stray          string
}

func (d *doubter) add(f *frame.Frame) {
	if d.cols == nil {
		d.cols = make([]doubt, f.Cols())
	}
	for j := range f.Cols() {
		c, known := f.At(j), &d.cols[j]
		if known.name = c.Field.Name; c.Field.Type != frame.String {
			continue
		}
		for i, text := range c.Texts {
			if c.IsNull(i) {
				continue
			}
			known.cells++
			if plainNumber(text) {
				known.numbers++
			} else if known.row == 0 {
				known.row, known.stray = d.rows+i+1, frame.Shorten(text)
			}
		}
	}
	d.rows += f.Rows()
}

func (d *doubter) list() (list []string) {
	for _, c := range d.cols {
		if c.row > 0 && c.numbers >= 10 && c.numbers*10 >= c.cells*9 {
			list = append(list, fmt.Sprintf("column %q is read as text, yet %d of its %d cells are numbers; row %d is %q: name such texts in data.nulls, or pin the column in data.schema",
				c.name, c.numbers, c.cells, c.row, c.stray))
		}
	}
	return list
}

// plainNumber reports whether a cell is a number as people write it: ids such
// as 007 and words such as NaN and inf are none.
func plainNumber(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	if digits == "" || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') || len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}
