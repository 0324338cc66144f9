package inference

import (
	"math"
	"strconv"

	"gristmill/ml/frame"
	"gristmill/serving"
)

// appendNumber appends a number the way encoding/json writes it; what is no
// number in JSON becomes null.
func appendNumber(b []byte, v float64) []byte {
	abs := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return append(b, "null"...)
	case abs != 0 && (abs < 1e-6 || abs >= 1e21):
		b = strconv.AppendFloat(b, v, 'e', -1, 64)
		if n := len(b); n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' { // e-09 is e-9
			b[n-2] = b[n-1]
			b = b[:n-1]
		}
		return b
	default:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
}

// appendPrediction appends a predicted value or a class's label.
func (c *contract) appendPrediction(b []byte, v float64) []byte {
	if len(c.labels) == 0 {
		return appendNumber(b, v)
	}
	if k := int(v); v == float64(k) && k >= 0 && k < len(c.labels) {
		return append(b, c.labels[k]...)
	}
	return append(b, "null"...)
}

// appendScoring appends {"predictions":[...]}, for classifiers with
// "probabilities" beside.
func (c *contract) appendScoring(b []byte, a serving.Answer) []byte {
	b = append(b, `{"predictions":[`...)
	for i, v := range a.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = c.appendPrediction(b, v)
	}
	b = append(b, ']')
	if k := len(c.keys); k > 0 {
		b = append(b, `,"probabilities":[`...)
		for i := 0; i+k <= len(a.Proba); i += k {
			if i > 0 {
				b = append(b, ',')
			}
			for j, key := range c.keys {
				b = append(b, key...)
				b = appendNumber(b, a.Proba[i+j])
			}
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	return append(b, "}\n"...)
}

// appendInfer appends the answer to an infer request.
func (c *contract) appendInfer(b []byte, a serving.Answer, req inferRequest) []byte {
	b = append(b, `{"model_name":`...)
	b = append(b, jsonText(c.version.Name)...)
	if req.hasID {
		b = append(b, `,"id":`...)
		b = append(b, jsonText(req.id)...)
	}
	b = append(b, `,"outputs":[`...)
	names := req.outputs
	if len(names) == 0 {
		names = []string{"prediction", "probability"}
	}
	first := true
	for _, name := range names {
		if name == "probability" && len(c.classes) == 0 {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		n := strconv.Itoa(len(a.Values))
		if name == "prediction" {
			b = append(b, `{"name":"prediction","datatype":"`+datatype(c.output)+`","shape":[`+n+`],"data":[`...)
			for i, v := range a.Values {
				if i > 0 {
					b = append(b, ',')
				}
				b = c.appendPrediction(b, v)
			}
		} else {
			b = append(b, `{"name":"probability","datatype":"FP64","shape":[`+n+`,`+strconv.Itoa(len(c.classes))+`],"data":[`...)
			for i, v := range a.Proba {
				if i > 0 {
					b = append(b, ',')
				}
				b = appendNumber(b, v)
			}
		}
		b = append(b, "]}"...)
	}
	return append(b, "]}\n"...)
}

// datatype is the protocol's name of a column's type.
func datatype(t frame.Type) string {
	switch t {
	case frame.Float64:
		return "FP64"
	case frame.Int64:
		return "INT64"
	case frame.Bool:
		return "BOOL"
	default:
		return "BYTES"
	}
}
