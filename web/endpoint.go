package web

import (
	"encoding/json"
	"net/http"
	"reflect"
)

// endpoint is a handler that knows the types of its body and its answer.
type endpoint struct {
	serve  func(s *server, w http.ResponseWriter, r *http.Request, status int) error
	in     reflect.Type // nil: takes no JSON body
	out    reflect.Type // nil: does not answer JSON of ours
	media  string       // of the answer
	takes  []string     // media types of the body beside JSON
	upload bool         // the body is bytes of any length
}

// located is an answer that says where its thing can be followed.
type located interface{ location() string }

// answers makes an endpoint of a handler that takes no body.
func answers[Out any](h func(*server, *http.Request) (Out, error)) endpoint {
	return endpoint{
		out: reflect.TypeFor[Out](), media: "application/json",
		serve: func(s *server, w http.ResponseWriter, r *http.Request, status int) error {
			out, err := h(s, r)
			if err != nil {
				return err
			}
			return writeJSON(w, status, out)
		},
	}
}

// takes makes an endpoint of a handler with a JSON body; an empty body is the
// zero value of In.
func takes[In, Out any](h func(*server, *http.Request, In) (Out, error)) endpoint {
	return endpoint{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), media: "application/json",
		serve: func(s *server, w http.ResponseWriter, r *http.Request, status int) error {
			var in In
			if err := readJSON(r, &in); err != nil {
				return err
			}
			out, err := h(s, r, in)
			if err != nil {
				return err
			}
			return writeJSON(w, status, out)
		},
	}
}

// takesSpec makes an endpoint of a handler that takes a spec: as YAML, or as
// JSON with its text in a field.
func takesSpec[Out any](h func(*server, *http.Request, SpecIn) (Out, error)) endpoint {
	e := takes(h)
	e.takes = []string{"application/yaml", "text/yaml"}
	e.serve = func(s *server, w http.ResponseWriter, r *http.Request, status int) error {
		in, err := readSpec(r)
		if err != nil {
			return err
		}
		out, err := h(s, r, in)
		if err != nil {
			return err
		}
		return writeJSON(w, status, out)
	}
	return e
}

// uploads makes an endpoint of a handler that reads the body as it comes.
func uploads[Out any](h func(*server, *http.Request) (Out, error)) endpoint {
	e := answers(h)
	e.upload = true
	return e
}

// raw makes an endpoint of a handler that writes its own answer.
func raw(h func(*server, http.ResponseWriter, *http.Request) error, media string) endpoint {
	return endpoint{
		media: media,
		serve: func(s *server, w http.ResponseWriter, r *http.Request, _ int) error { return h(s, w, r) },
	}
}

// page makes an endpoint of a handler that answers HTML.
func page(h func(*server, http.ResponseWriter, *http.Request) error) endpoint {
	return raw(h, "text/html")
}

// writeJSON answers with a value. The value is encoded before the first byte is
// sent, so that one that cannot be encoded becomes an error and not half an
// answer.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if l, ok := v.(located); ok {
		w.Header().Set("Location", l.location())
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
	return nil
}
