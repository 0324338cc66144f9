package inference

import (
	"net/http"
	"strconv"

	"gristmill"
	"gristmill/ml/frame"
	"gristmill/serving"
)

// version finds the version that the path asks for and notes it for metrics
// and headers.
func (s *server) version(x *exchange) (*contract, error) {
	model := x.r.PathValue("model")
	var v *serving.Version
	var err error
	if text := x.r.PathValue("version"); text != "" {
		number, bad := strconv.Atoi(text)
		if bad != nil || number < 1 {
			return nil, gristmill.Errorf(gristmill.NotFound, "version: %s is no version; expected a number from 1 on", quote(text))
		}
		v, err = s.host.RouteVersion(model, number)
	} else {
		v, err = s.host.Route(model)
	}
	if err != nil {
		if gristmill.KindOf(err) == gristmill.Unavailable && s.deployed(model) {
			x.model = model
		}
		return nil, err
	}
	c := s.contracts.of(v)
	x.model, x.contract = v.Name, c
	x.w.Header().Set("X-Gristmill-Model-Version", c.number)
	return c, nil
}

func (s *server) deployed(model string) bool {
	for _, st := range s.host.Models() {
		if st.Model == model {
			return true
		}
	}
	return false
}

// predict answers for a frame. No rows need no model.
func predict(x *exchange, c *contract, data *frame.Frame) (serving.Answer, error) {
	if data.Rows() == 0 {
		return serving.Answer{}, nil
	}
	a, err := c.version.Predict(x.r.Context(), data)
	if err == nil {
		x.rows = data.Rows()
	}
	return a, err
}

// invoke answers MLflow's scoring protocol.
func (s *server) invoke(x *exchange) error {
	c, err := s.version(x)
	if err != nil {
		return err
	}
	kind, err := mediaOf(x.r, true)
	if err != nil {
		return err
	}
	body, err := s.read(x)
	if err != nil {
		return err
	}
	decode := readScoring
	if kind == mediaCSV {
		decode = readCSV
	}
	data, err := decode(c, body)
	if err != nil {
		return err
	}
	a, err := predict(x, c, data)
	if err != nil {
		return err
	}
	s.answer(x, func(b []byte) []byte { return c.appendScoring(b, a) })
	return nil
}

// infer answers the Open Inference Protocol.
func (s *server) infer(x *exchange) error {
	c, err := s.version(x)
	if err != nil {
		return err
	}
	if x.r.Header.Get("Inference-Header-Content-Length") != "" {
		return refuse(http.StatusUnsupportedMediaType, "BAD_REQUEST", "binary tensors are not supported; send the data as JSON (binary_data=False)")
	}
	if _, err := mediaOf(x.r, false); err != nil {
		return err
	}
	body, err := s.read(x)
	if err != nil {
		return err
	}
	data, req, err := readInfer(c, body)
	if err != nil {
		return err
	}
	a, err := predict(x, c, data)
	if err != nil {
		return err
	}
	s.answer(x, func(b []byte) []byte { return c.appendInfer(b, a, req) })
	return nil
}

// answer writes what build makes in a kept buffer.
func (s *server) answer(x *exchange, build func([]byte) []byte) {
	buf := s.buffers.get()
	defer s.buffers.put(buf)
	b := build(buf.AvailableBuffer())
	_, _ = buf.Write(b) // never fails; keeps the grown memory
	x.w.Header().Set("Content-Type", "application/json")
	x.write(http.StatusOK, buf.Bytes())
}
