package starter_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gristmill/dataset"
	"gristmill/dataset/split"
	"gristmill/ml"
	"gristmill/ml/bundle"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
	"gristmill/ml/metric"
	"gristmill/ml/prep"
	"gristmill/ml/recipe"
	"gristmill/pipeline"
	"gristmill/pipeline/starter"
	"gristmill/registry"
)

// read reads a table as `pipeline init` does: again, if words for no value or
// dates ask for it.
func read(t *testing.T, r func() io.Reader, s dataset.Spec) (*frame.Frame, dataset.Spec) {
	t.Helper()
	once := func() *frame.Frame {
		t.Helper()
		plain := s
		plain.Target, plain.Positive = "", ""
		if plain.Source.Kind == "" {
			plain.Source = dataset.SourceSpec{Kind: dataset.FromFile, Path: "table.csv"}
		}
		table, err := dataset.Read(context.Background(), r(), plain, dataset.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return table.Frame
	}
	f := once()
	if re := starter.Reread(f); !re.Empty() {
		s.Nulls, s.Dates = re.Nulls, re.Dates
		f = once()
	}
	return f, s
}

// tables are the tables that a spec must be right for without a hand on it.
func tables(t *testing.T) map[string]struct {
	open   func() io.Reader
	target string
} {
	t.Helper()
	type table = struct {
		open   func() io.Reader
		target string
	}
	gz := func(b []byte) func() io.Reader { return func() io.Reader { return bytes.NewReader(b) } }
	out := map[string]table{}
	for name, target := range map[string]string{"telco_churn": "churn", "ames_housing": "Sale_Price", "chicago_ridership": "ridership"} {
		r, err := dataset.Samples{}.Open(context.Background(), dataset.SourceSpec{Kind: dataset.FromSample, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		out[name] = table{gz(b), target}
	}
	for _, name := range []string{"iris", "wine", "breast_cancer", "diabetes"} {
		b, err := os.ReadFile("testdata/" + name + ".csv.gz")
		if err != nil {
			t.Fatal(err)
		}
		out[name] = table{gz(b), "target"}
	}
	dir := os.Getenv("GRISTMILL_TEST_DATA")
	for name, target := range map[string]string{"mlc_churn": "churn", "california_housing": "median_house_value"} {
		b, err := os.ReadFile(filepath.Join(dir, name+".csv.gz"))
		if dir == "" || err != nil {
			t.Logf("%s is NOT looked at: GRISTMILL_TEST_DATA must name the directory that has it", name)
			continue
		}
		out[name] = table{gz(b), target}
	}
	return out
}

func file(path string) dataset.SourceSpec {
	return dataset.SourceSpec{Kind: dataset.FromFile, Path: path}
}

// TestAFirstSpecBeatsTheBaseline follows what was written through split,
// transforms and fit, as the steps of a run do.
func TestAFirstSpecBeatsTheBaseline(t *testing.T) {
	t.Parallel()
	for name, c := range tables(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, data := read(t, c.open, dataset.Spec{Source: file(name + ".csv"), Target: c.target})
			text, notes, err := starter.Write(starter.Input{Name: name, Data: data, Frame: f})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s\n%s", text, strings.Join(notes, "\n"))
			spec, err := pipeline.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			metrics, baseline := turn(t, spec, f)
			for _, g := range spec.Evaluate.Gates {
				m := strings.TrimPrefix(g.Metric, "test_")
				b := baseline[m]
				got := g.Judge([]registry.Metric{{Name: g.Metric, Value: metrics[m], Baseline: &b}})
				t.Log(got.Reason)
				if !got.Passed {
					t.Errorf("%s", got.Reason)
				}
			}
			if len(spec.Evaluate.Gates) == 0 {
				t.Error("no gate")
			}
		})
	}
}

// turn measures what a spec makes of a table, and the baseline.
func turn(t *testing.T, s pipeline.Spec, f *frame.Frame) (metrics, baseline map[string]float64) {
	t.Helper()
	ctx := context.Background()
	parts, err := split.Split(f, s.Data.Target, s.Data.Parting(), nil)
	if err != nil {
		t.Fatal(err)
	}
	y, classes, err := recipe.Targets(f.Column(s.Data.Target), s.Train.Task, s.Data.Positive)
	if err != nil {
		t.Fatal(err)
	}
	all := recipe.Course{X: s.Data.Features(f).Without(s.Data.Target), Y: y, Target: s.Data.Target, Classes: classes, Positive: s.Data.Positive}
	how := recipe.Recipe{Rules: s.Transform, Algorithm: s.Train.Algorithm, Params: s.Train.Params, TargetTransform: s.Train.TargetTransform}
	model, err := how.Fit(ctx, s.Name, all.Take(parts.Train), recipe.Course{}, ml.FitOptions{Seed: s.Train.Seed})
	if err != nil {
		t.Fatal(err)
	}
	p, err := prep.Fit(ctx, s.Transform, all.Take(parts.Train).X)
	if err != nil {
		t.Fatal(err)
	}
	base, err := recipe.Baseline(ctx, p, s.Train.Task, all.Take(parts.Train))
	if err != nil {
		t.Fatal(err)
	}
	test := all.Take(parts.Test)
	measure := func(m *bundle.Model) map[string]float64 {
		got, err := m.Predict(ctx, test.X)
		if err != nil {
			t.Fatal(err)
		}
		if s.Train.Task == catalog.Classification {
			return metric.Classification(test.Y, got.Proba, len(classes), len(classes)-1)
		}
		return metric.Regression(test.Y, got.Values)
	}
	return measure(model), measure(base)
}
