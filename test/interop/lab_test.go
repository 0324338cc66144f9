//go:build interop

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"gristmill/dataset"
	"gristmill/dataset/split"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
	"gristmill/pipeline"
	"gristmill/test/mill"
	"gristmill/tracking"
)

// table is a dataset as a spec reads it, with its rows parted: what a run of the
// spec sees, worked out without the run, for those who are to do the same.
type table struct {
	Spec  pipeline.Spec
	Frame *frame.Frame
	Parts split.Parts
}

// tableOf reads the data of a spec; a relative path is below dir.
func tableOf(t *testing.T, text, dir string) table {
	t.Helper()
	spec, err := pipeline.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	open := func() (io.ReadCloser, error) {
		if spec.Data.Source.Kind == dataset.FromSample {
			return dataset.Samples{}.Open(context.Background(), spec.Data.Source)
		}
		return os.Open(filepath.Join(dir, spec.Data.Source.Path))
	}
	r, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	read, err := dataset.Read(context.Background(), r, spec.Data, dataset.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var ids io.Reader
	if file := spec.Data.Split.File; file != "" {
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		ids = bytes.NewReader(b)
	}
	parts, err := split.Split(read.Frame, spec.Data.Target, spec.Data.Parting(), ids)
	if err != nil {
		t.Fatal(err)
	}
	return table{spec, read.Frame, parts}
}

// trained runs a spec on the stack; it must succeed.
func trained(t *testing.T, s *mill.Stack, spec string, args ...string) pipeline.Result {
	t.Helper()
	var res pipeline.Result
	s.Value(t, &res, append([]string{"train", "--file", spec}, args...)...)
	if res.Status != tracking.Succeeded {
		t.Fatalf("%s: %s: %s", spec, res.Status, res.Message)
	}
	return res
}

// artifact downloads a file of a run.
func artifact(t *testing.T, s *mill.Stack, run, path string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Client(t).DownloadArtifact(context.Background(), run, path, &b); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return b.Bytes()
}

// answer is what the inference server says to rows.
type answer struct {
	Predictions   []json.RawMessage    `json:"predictions"`
	Probabilities []map[string]float64 `json:"probabilities,omitempty"`
}

// asked asks a served model for rows of a table, as CSV.
func asked(t *testing.T, s *mill.Stack, model string, f *frame.Frame) (a answer) {
	t.Helper()
	var body bytes.Buffer
	if err := csv.Write(&body, f); err != nil {
		t.Fatal(err)
	}
	resp, text := s.Invoke(t, model, "text/csv", body.Bytes())
	if resp.StatusCode != 200 {
		t.Fatalf("%s answers %s: %s", model, resp.Status, text)
	}
	mill.Decode(t, text, &a)
	if len(a.Predictions) != f.Rows() {
		t.Fatalf("%s answers %d rows of %d", model, len(a.Predictions), f.Rows())
	}
	return a
}

// told runs a script of this folder with one JSON value as its last argument, a
// file, and reads the JSON value that it prints.
func told(t *testing.T, script string, request, reply any) {
	t.Helper()
	b, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "request.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	mill.Decode(t, python(t, nil, script, file), reply)
}

// committed returns a file of testdata.
func committed(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
