package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// exampleOutput is example_output.json: what the model answered to its input
// example when it was written. Whoever loads the package can check that it
// still does.
type exampleOutput struct {
	Values []float64 `json:"values"`                  // as Prediction.Values
	Proba  []float64 `json:"probabilities,omitempty"` // as Prediction.Proba
}

// encodeOutput asks the model for its answer to its input example.
func (m *Model) encodeOutput() ([]byte, error) {
	p, err := m.Predict(context.Background(), m.InputExample)
	if err != nil {
		return nil, fmt.Errorf("predict the input example: %w", err)
	}
	b, err := json.Marshal(exampleOutput{Values: p.Values, Proba: p.Proba})
	if err != nil { // a number that is none
		return nil, fmt.Errorf("predict the input example: %w", err)
	}
	return append(b, '\n'), nil
}

func decodeOutput(b []byte, m *Model) (*Prediction, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var out exampleOutput
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("%s: %w", outputFile, err)
	}
	p := &Prediction{Values: out.Values, Proba: out.Proba, Classes: m.Signature.Classes}
	rows, k := m.InputExample.Rows(), len(p.Classes)
	if len(p.Values) != rows || len(p.Proba) != rows*k {
		return nil, fmt.Errorf("%s: %d values and %d probabilities for %d rows and %d classes", outputFile, len(p.Values), len(p.Proba), rows, k)
	}
	for _, v := range p.Values {
		if k == 0 {
			break
		}
		if v != float64(int(v)) || v < 0 || int(v) >= k {
			return nil, fmt.Errorf("%s: %v is no index of one of %d classes", outputFile, v, k)
		}
		p.Labels = append(p.Labels, p.Classes[int(v)])
	}
	return p, nil
}
