package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
	"gristmill/ml/prep"
)

// Format and Version name what Write writes. Read takes every version up to it.
const (
	Format  = "gristmill-model"
	Version = 1
)

// Files is a model package: contents by slash-separated path.
type Files map[string][]byte

// The files of a package.
const (
	manifestFile = "model.json"
	prepFile     = "prep.json"
	exampleFile  = "input_example.json"
	outputFile   = "example_output.json"
)

// manifest is model.json.
type manifest struct {
	Format        string            `json:"format"`
	Version       int               `json:"version"`
	Name          string            `json:"name"`
	CreatedBy     string            `json:"created_by"`
	Target        Target            `json:"target"`
	Signature     frame.Signature   `json:"signature"`
	Prep          fileRef           `json:"prep"`
	Model         estimator         `json:"model"`
	InputExample  *fileRef          `json:"input_example,omitempty"`
	ExampleOutput *fileRef          `json:"example_output,omitempty"`
	WeightsSHA256 string            `json:"weights_sha256"`
	Metadata      map[string]string `json:"metadata,omitempty"`
}

type fileRef struct {
	Kind   string `json:"kind,omitempty"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

type estimator struct {
	Kind  string          `json:"kind"`
	State json.RawMessage `json:"state"`
	Blobs []blob          `json:"blobs"`
}

type blob struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	DType  string `json:"dtype"` // "<f8", numpy's name for little-endian float64
	Shape  []int  `json:"shape"` // row-major
	SHA256 string `json:"sha256"`
}

// Write returns the model as files. Equal models give equal bytes.
func (m *Model) Write() (Files, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("write model package: %w", err)
	}
	files, man, err := m.weights()
	if err != nil {
		return nil, fmt.Errorf("write model package: %w", err)
	}
	man.Format, man.Version, man.Name, man.CreatedBy = Format, Version, m.Name, m.CreatedBy
	man.Target, man.Signature, man.Metadata = m.Target, m.Signature, m.Metadata
	if m.InputExample != nil {
		rows, err := Conform(m.InputExample, m.Signature.Inputs)
		if err != nil {
			return nil, fmt.Errorf("write model package: input example: %w", err)
		}
		b, err := encodeExample(rows)
		if err != nil {
			return nil, fmt.Errorf("write model package: %w", err)
		}
		files[exampleFile] = b
		man.InputExample = &fileRef{File: exampleFile, SHA256: digest(b)}
		if b, err = m.encodeOutput(); err != nil {
			return nil, fmt.Errorf("write model package: %w", err)
		}
		files[outputFile] = b
		man.ExampleOutput = &fileRef{File: outputFile, SHA256: digest(b)}
	}
	b, err := json.MarshalIndent(man, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write model package: %w", err)
	}
	files[manifestFile] = append(b, '\n')
	return files, nil
}

// WeightsSHA256 is the digest of what the model has learned: the fitted
// transformers and the estimator's numbers. Two fits of one spec on the same
// rows have the same digest, on any number of threads, interrupted or not.
func (m *Model) WeightsSHA256() (string, error) {
	_, man, err := m.weights()
	return man.WeightsSHA256, err
}

// weights writes prep.json and the blobs, and the parts of the manifest that
// speak of them.
func (m *Model) weights() (Files, manifest, error) {
	var man manifest
	p, err := m.Prep.Encode()
	if err != nil {
		return nil, man, err
	}
	e, err := m.Model.Encode()
	if err != nil {
		return nil, man, err
	}
	files := Files{prepFile: append(slices.Clone(p.State), '\n')}
	man.Prep = fileRef{Kind: p.Kind, File: prepFile, SHA256: digest(files[prepFile])}
	man.Model = estimator{Kind: e.Kind, State: e.State, Blobs: []blob{}}
	for _, name := range slices.Sorted(maps.Keys(e.Blobs)) {
		b := blob{Name: name, File: "blobs/" + name + ".bin", DType: "<f8", Shape: e.Shapes[name], SHA256: digest(e.Blobs[name])}
		if b.Shape == nil {
			b.Shape = []int{len(e.Blobs[name]) / 8}
		}
		files[b.File] = e.Blobs[name]
		man.Model.Blobs = append(man.Model.Blobs, b)
	}
	man.WeightsSHA256 = weightsDigest(man)
	return files, man, nil
}

// weightsDigest is the SHA-256 of what `sha256sum blobs/*.bin prep.json`
// prints, its lines in the byte order of the file names.
func weightsDigest(man manifest) string {
	var s strings.Builder
	for _, b := range man.Model.Blobs {
		fmt.Fprintf(&s, "%s  %s\n", b.SHA256, b.File)
	}
	fmt.Fprintf(&s, "%s  %s\n", man.Prep.SHA256, man.Prep.File)
	return digest([]byte(s.String()))
}

// DigestError says that a file of a package is not what was written.
type DigestError struct{ File, Want, Got string }

// Error names the file and both digests.
func (e *DigestError) Error() string {
	return fmt.Sprintf("model file %s is corrupted: its SHA-256 is %s, expected %s", e.File, e.Got, e.Want)
}

// Read checks every digest and reads the model. A file that was altered is a
// *DigestError; one that is missing, or that the manifest does not name, an
// unknown version or kind, and parts that do not fit each other are errors too.
func Read(files Files) (*Model, error) {
	m, err := read(files)
	if err != nil {
		return nil, fmt.Errorf("read model package: %w", err)
	}
	return m, nil
}

func read(files Files) (*Model, error) {
	raw, ok := files[manifestFile]
	if !ok {
		return nil, errors.New(manifestFile + " is missing")
	}
	var man manifest
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if head.Format != Format || head.Version < 1 || head.Version > Version {
		return nil, fmt.Errorf("%s: format %q version %d, this program reads %q up to version %d", manifestFile, head.Format, head.Version, Format, Version)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&man); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	seen := map[string]bool{manifestFile: true}
	get := func(file, want string) ([]byte, error) {
		seen[file] = true
		b, ok := files[file]
		if !ok {
			return nil, fmt.Errorf("%s is missing", file)
		}
		if got := digest(b); got != want {
			return nil, &DigestError{File: file, Want: want, Got: got}
		}
		return b, nil
	}
	m := &Model{Name: man.Name, Signature: man.Signature, Target: man.Target, CreatedBy: man.CreatedBy, Metadata: man.Metadata}
	var compact bytes.Buffer
	if err := json.Compact(&compact, man.Model.State); err != nil {
		return nil, fmt.Errorf("%s: model.state: %w", manifestFile, err)
	}
	e := ml.Encoded{Kind: man.Model.Kind, State: compact.Bytes(), Blobs: map[string][]byte{}, Shapes: map[string][]int{}}
	var all []error // every corrupted file is named, not only the first
	for _, b := range man.Model.Blobs {
		data, err := get(b.File, b.SHA256)
		all = append(all, err)
		e.Blobs[b.Name], e.Shapes[b.Name] = data, b.Shape
		size := 8
		for _, n := range b.Shape {
			size *= n
		}
		if err == nil && (b.DType != "<f8" || size != len(data)) {
			all = append(all, fmt.Errorf("%s has %d bytes, dtype %s and shape %v want %d", b.File, len(data), b.DType, b.Shape, size))
		}
	}
	state, err := get(man.Prep.File, man.Prep.SHA256)
	all = append(all, err)
	if got := weightsDigest(man); got != man.WeightsSHA256 {
		all = append(all, &DigestError{File: manifestFile + " (weights_sha256)", Want: man.WeightsSHA256, Got: got})
	}
	if man.InputExample != nil {
		b, err := get(man.InputExample.File, man.InputExample.SHA256)
		if err == nil {
			m.InputExample, err = decodeExample(b, m.Signature.Inputs)
		}
		all = append(all, err)
	}
	if man.ExampleOutput != nil {
		b, err := get(man.ExampleOutput.File, man.ExampleOutput.SHA256)
		if err == nil && m.InputExample != nil {
			m.ExampleOutput, err = decodeOutput(b, m)
		}
		all = append(all, err)
	}
	for _, f := range slices.Sorted(maps.Keys(files)) {
		if !seen[f] {
			all = append(all, fmt.Errorf("%s does not belong to the package", f))
		}
	}
	if err := errors.Join(all...); err != nil {
		return nil, err
	}
	if m.Prep, err = prep.Decode(ml.Encoded{Kind: man.Prep.Kind, State: state}); err != nil {
		return nil, err
	}
	if m.Model, err = catalog.Decode(e); err != nil {
		return nil, err
	}
	return m, m.check()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
