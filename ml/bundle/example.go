package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"gristmill/ml/frame"
)

// example is input_example.json, a body that /invocations takes as it is.
type example struct {
	Split struct {
		Columns []string `json:"columns"`
		Data    [][]any  `json:"data"`
	} `json:"dataframe_split"`
}

func encodeExample(f *frame.Frame) ([]byte, error) {
	var e example
	e.Split.Columns = f.Schema().Names()
	e.Split.Data = make([][]any, f.Rows())
	for i := range e.Split.Data {
		row := make([]any, f.Cols())
		for j := range row {
			c := f.At(j)
			switch {
			case isNull(c, i):
			case c.Field.Type == frame.Float64:
				if math.IsInf(c.Floats[i], 0) {
					return nil, fmt.Errorf("input example: column %q is infinite in row %d", c.Field.Name, i+1)
				}
				row[j] = c.Floats[i]
			case c.Field.Type == frame.Int64:
				row[j] = c.Ints[i]
			case c.Field.Type == frame.Bool:
				row[j] = c.Bools[i]
			case c.Field.Type == frame.Timestamp:
				row[j] = frame.FormatTime(c.Ints[i])
			default:
				row[j] = c.Texts[i]
			}
		}
		e.Split.Data[i] = row
	}
	b, err := json.Marshal(e)
	return append(b, '\n'), err
}

func decodeExample(b []byte, s frame.Schema) (*frame.Frame, error) {
	var e example
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&e); err != nil {
		return nil, fmt.Errorf("%s: %w", exampleFile, err)
	}
	var own frame.Schema
	for _, name := range e.Split.Columns {
		f, ok := s.Field(name)
		if !ok {
			return nil, fmt.Errorf("%s: column %q is not in the signature", exampleFile, name)
		}
		own.Fields = append(own.Fields, f)
	}
	bd := frame.NewBuilder(own, len(e.Split.Data))
	for i, row := range e.Split.Data {
		if len(row) != len(own.Fields) {
			return nil, fmt.Errorf("%s: row %d has %d values for %d columns", exampleFile, i+1, len(row), len(own.Fields))
		}
		for j, v := range row {
			if err := bd.Value(j, v); err != nil {
				return nil, fmt.Errorf("%s: row %d: %w", exampleFile, i+1, err)
			}
		}
	}
	return bd.Frame()
}
