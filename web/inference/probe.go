package inference

import (
	_ "embed" // the document
	"encoding/json"
	"fmt"
	"net/http"

	"gristmill"
	"gristmill/ml/frame"
)

//go:embed openapi.json
var openapi []byte

// send writes a value as JSON.
func send(x *exchange, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.write(status, append(b, '\n'))
	return nil
}

// ping says that the process answers.
func (s *server) ping(x *exchange) error {
	x.w.Header().Set("Content-Type", "application/json")
	x.write(http.StatusOK, []byte("\n"))
	return nil
}

func (s *server) release(x *exchange) error {
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	x.write(http.StatusOK, []byte(s.cfg.Version))
	return nil
}

// ready says that every deployed model is loaded, or which is not and why.
func (s *server) ready(x *exchange) error {
	type answer struct {
		Ready  bool                `json:"ready"`
		Errors []gristmill.Problem `json:"errors,omitempty"`
	}
	err := s.host.Ready()
	if err == nil {
		return send(x, http.StatusOK, answer{Ready: true})
	}
	f := describe(x.r.Context(), err)
	if f.problems == nil {
		f.problems = []gristmill.Problem{{Msg: f.message}}
	}
	return send(x, http.StatusServiceUnavailable, answer{Errors: f.problems})
}

func (s *server) prometheus(x *exchange) error {
	x.status = http.StatusOK
	s.scrape.ServeHTTP(x.w, x.r)
	return nil
}

func (s *server) document(x *exchange) error {
	x.w.Header().Set("Content-Type", "application/json")
	x.write(http.StatusOK, openapi)
	return nil
}

func (s *server) serverMetadata(x *exchange) error {
	return send(x, http.StatusOK, struct {
		Name       string   `json:"name"`
		Version    string   `json:"version"`
		Extensions []string `json:"extensions"`
	}{"gristmill", s.cfg.Version, []string{}})
}

// health is the answer of the server's probes. The protocol's own ready answer
// says "live", so both keys are there.
type health struct {
	Live  bool   `json:"live"`
	Ready bool   `json:"ready"`
	Error string `json:"error,omitempty"`
}

func (s *server) serverLive(x *exchange) error {
	return send(x, http.StatusOK, struct {
		Live bool `json:"live"`
	}{true})
}

func (s *server) serverReady(x *exchange) error {
	if err := s.host.Ready(); err != nil {
		return send(x, http.StatusServiceUnavailable, health{Live: false, Error: gristmill.Public(err)})
	}
	return send(x, http.StatusOK, health{Live: true, Ready: true})
}

func (s *server) listModels(x *exchange) error {
	names := []string{}
	for _, st := range s.host.Models() {
		names = append(names, st.Model)
	}
	return send(x, http.StatusOK, map[string][]string{"models": names})
}

// tensorInfo describes an input or output; -1 is any number of rows.
type tensorInfo struct {
	Name       string         `json:"name"`
	Datatype   string         `json:"datatype"`
	Shape      []int          `json:"shape"`
	Parameters map[string]any `json:"parameters,omitempty"`
}

func (s *server) modelMetadata(x *exchange) error {
	c, err := s.version(x)
	if err != nil {
		return err
	}
	info := struct {
		Name     string       `json:"name"`
		Versions []string     `json:"versions"`
		Platform string       `json:"platform"`
		Inputs   []tensorInfo `json:"inputs"`
		Outputs  []tensorInfo `json:"outputs"`
	}{Name: c.version.Name, Platform: "gristmill", Versions: s.held(c.version.Name)}
	for _, f := range c.fields {
		t := tensorInfo{Name: f.Name, Datatype: datatype(f.Type), Shape: []int{-1}}
		t.Parameters = map[string]any{}
		if f.Nullable {
			t.Parameters["nullable"] = true
		}
		if f.Type == frame.Timestamp {
			t.Parameters["timestamp"] = "ISO 8601, or INT64 microseconds since 1970 UTC"
		}
		info.Inputs = append(info.Inputs, t)
	}
	info.Outputs = []tensorInfo{{Name: "prediction", Datatype: datatype(c.output), Shape: []int{-1}}}
	if k := len(c.classes); k > 0 {
		classes := map[string]any{"classes": c.classes}
		info.Outputs[0].Parameters = classes
		info.Outputs = append(info.Outputs, tensorInfo{Name: "probability", Datatype: datatype(frame.Float64), Shape: []int{-1, k}, Parameters: classes})
	}
	return send(x, http.StatusOK, info)
}

// held lists the versions of a model that can be asked for.
func (s *server) held(model string) []string {
	list := []string{}
	for _, st := range s.host.Models() {
		if st.Model != model {
			continue
		}
		for _, v := range st.Held {
			list = append(list, fmt.Sprint(v.Number))
		}
	}
	return list
}

func (s *server) modelReady(x *exchange) error {
	type answer struct {
		Name  string `json:"name"`
		Ready bool   `json:"ready"`
		Error string `json:"error,omitempty"`
	}
	c, err := s.version(x)
	switch {
	case err == nil:
		return send(x, http.StatusOK, answer{Name: c.version.Name, Ready: true})
	case gristmill.KindOf(err) == gristmill.Unavailable:
		return send(x, http.StatusServiceUnavailable, answer{Name: x.r.PathValue("model"), Error: gristmill.Public(err)})
	default:
		return err
	}
}
