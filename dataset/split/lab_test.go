package split_test

import (
	"context"
	"strings"
	"testing"

	"gristmill/dataset"
	"gristmill/dataset/sample"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read reads a sample as a pipeline would.
func read(t *testing.T, name string) dataset.Table {
	t.Helper()
	r, err := sample.Open(name)
	must(t, err)
	defer r.Close()
	table, err := dataset.Read(context.Background(), r, dataset.Spec{}, dataset.Limits{})
	must(t, err)
	return table
}

func parse(t *testing.T, text string) *frame.Frame {
	t.Helper()
	f, err := csv.Read(strings.NewReader(text), csv.Options{})
	must(t, err)
	return f
}
