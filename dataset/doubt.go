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
func Doubts(f *frame.Frame) (list []string) {
	for j := range f.Cols() {
		c := f.At(j)
		if c.Field.Type != frame.String {
			continue
		}
		numbers, cells, stray := 0, 0, -1
		for i, text := range c.Texts {
			if c.IsNull(i) {
				continue
			}
			cells++
			if plainNumber(text) {
				numbers++
			} else if stray < 0 {
				stray = i
			}
		}
		if stray >= 0 && numbers >= 10 && numbers*10 >= cells*9 {
			list = append(list, fmt.Sprintf("column %q is read as text, yet %d of its %d cells are numbers; row %d is %q: name such texts in data.nulls, or pin the column in data.schema",
				c.Field.Name, numbers, cells, stray+1, frame.Shorten(c.Texts[stray])))
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
