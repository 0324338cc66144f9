package evaluate

import (
	"context"
	"fmt"
	"math"

	"gristmill/ml/catalog"
	"gristmill/ml/check"
	"gristmill/ml/frame"
	"gristmill/ml/metric"
)

// Run evaluates a model. The error is ml.Problems for options or an input that
// make no sense, all of them at once, the model's own, or ctx's soon after it
// ends. What cannot be measured on these rows is in the report's Omitted.
func Run(ctx context.Context, in Input, o Options) (Report, error) {
	if err := in.check(); err != nil {
		return Report{}, err
	}
	e := &evaluation{Input: in, o: o, k: len(in.Classes), parts: in.parts()}
	for _, p := range e.parts {
		if p.rows() > 0 {
			e.at = p // the last part with rows: test before val before train
		}
	}
	if ps := o.problems(in.Task, in.Classes, e.at.all().Schema().Names(), e.at.X.Schema().Names()); len(ps) > 0 {
		return Report{}, ps
	}
	e.report = Report{Task: in.Task, Classes: in.Classes, Rows: map[string]int{}, Part: e.at.name, Main: "rmse", Metrics: []Metric{}}
	if in.Task == catalog.Classification {
		e.report.Main, e.report.Confusion = "roc_auc", map[string][][]int{}
	}
	if e.k == 2 {
		e.report.Positive = in.Classes[in.Positive]
	}
	for _, step := range []struct {
		doing string
		do    func(context.Context) error
	}{
		{"", e.measureParts}, {"", e.classes}, {"choosing the threshold", e.chooseThreshold}, {"counting costs", e.countCosts},
		{"", e.measureSlices}, {"permuting columns", e.permuteColumns}, {"checking the model", e.check}, {"drawing plots", e.draw},
	} {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		e.say(step.doing)
		if err := step.do(ctx); err != nil {
			return Report{}, err
		}
	}
	return e.report, nil
}

// evaluation is a Run on its way.
type evaluation struct {
	Input
	o      Options
	k      int // classes; 0: a regression
	parts  []*part
	at     *part // the part looked at
	report Report
	doing  string // what was last said
}

func (e *evaluation) say(doing string) {
	if e.Progress != nil && doing != "" {
		e.doing = doing
		e.Progress(doing)
	}
}

func (e *evaluation) omit(name, reason string) {
	e.report.Omitted = append(e.report.Omitted, metric.Omission{Name: name, Reason: reason})
}

func (e *evaluation) bootstrap() metric.Bootstrap {
	return metric.Bootstrap{Samples: e.o.Bootstrap, Seed: e.o.Seed, Progress: func(done, of int) {
		if e.Progress != nil {
			e.Progress(fmt.Sprintf("%s, %d of %d resamples", e.doing, done, of))
		}
	}}
}

// measureParts asks model and baseline for every part and measures them.
func (e *evaluation) measureParts(ctx context.Context) error {
	for _, p := range e.parts {
		e.report.Rows[p.name] = p.rows()
		if p.rows() == 0 {
			continue
		}
		e.say("evaluating " + p.name)
		var err error
		if p.model, err = ask(ctx, e.Model, p.X, e.k); err != nil {
			return fmt.Errorf("predict %s rows: %w", p.name, err)
		}
		if p.base, err = ask(ctx, e.Baseline, p.X, e.k); err != nil {
			return fmt.Errorf("predict %s rows by the baseline: %w", p.name, err)
		}
		b := e.bootstrap()
		if p.name == "train" {
			b.Samples = -1 // intervals are for rows that the model has not seen
		}
		found, err := e.measure(ctx, p.Y, p.model, b)
		if err != nil {
			return fmt.Errorf("measure %s rows: %w", p.name, err)
		}
		floor, err := e.measure(ctx, p.Y, p.base, metric.Bootstrap{Samples: -1})
		if err != nil {
			return fmt.Errorf("measure the baseline on %s rows: %w", p.name, err)
		}
		e.add(p.name, found, floor, b.Samples >= 0)
		if e.k > 0 {
			e.report.Confusion[p.name] = metric.ConfusionOf(p.Y, p.model.values, e.k)
		}
	}
	return nil
}

func (e *evaluation) measure(ctx context.Context, y []float64, a answer, b metric.Bootstrap) (metric.Report, error) {
	if e.k > 0 {
		return metric.EvaluateDecisions(ctx, y, a.values, a.proba, e.k, e.Positive, b)
	}
	return metric.EvaluateRegression(ctx, y, a.values, b)
}

// add takes a part's metrics over, beside the baseline's.
func (e *evaluation) add(part string, found, floor metric.Report, intervals bool) {
	base := floor.Map()
	for _, r := range found.Results {
		if r.Value-r.Value != 0 {
			e.omit(part+"_"+r.Name, fmt.Sprintf("the numbers are too large: %v", r.Value))
			continue
		}
		m := measured(part+"_"+r.Name, r, intervals)
		if b, ok := base[r.Name]; ok && b-b == 0 {
			m.Baseline = &b
		}
		e.report.Metrics = append(e.report.Metrics, m)
	}
	for _, o := range found.Omitted {
		e.omit(part+"_"+o.Name, o.Reason)
	}
}

// measured gives a result its name and, if wanted and finite, its interval.
func measured(name string, r metric.Result, intervals bool) Metric {
	m := Metric{Name: name, Value: r.Value}
	if intervals && r.Low-r.Low == 0 && r.High-r.High == 0 {
		m.Low, m.High = &r.Low, &r.High
	}
	return m
}

// main returns the main metric of the part looked at.
func (e *evaluation) main() (Metric, bool) {
	for _, m := range e.report.Metrics {
		if m.Name == e.at.name+"_"+e.report.Main {
			return m, true
		}
	}
	return Metric{}, false
}

// classes measures each class against the rest, and describes residuals.
func (e *evaluation) classes(context.Context) error {
	if e.k == 0 {
		s, err := metric.Summarize(e.residuals())
		if err != nil {
			return fmt.Errorf("describe residuals: %w", err)
		}
		if math.IsInf(s.Std, 0) || s.Kurtosis-s.Kurtosis != 0 || s.Skew-s.Skew != 0 {
			e.omit("residuals", "the numbers are too large")
			return nil
		}
		e.report.Residuals = &s
		return nil
	}
	m := e.report.Confusion[e.at.name]
	for c, name := range e.Classes {
		var tp, fp, fn, tn float64
		for i, row := range m {
			for j, n := range row {
				switch {
				case i == c && j == c:
					tp += float64(n)
				case i == c:
					fn += float64(n)
				case j == c:
					fp += float64(n)
				default:
					tn += float64(n)
				}
			}
		}
		d := metric.NewDecision(0, tp, fp, tn, fn, metric.CellCost{})
		out := ClassMetrics{Class: name, Rows: d.TP + d.FN, Called: d.TP + d.FP, Precision: d.Precision, Recall: d.Recall, F1: d.F1}
		if tp+fn > 0 {
			if r, err := e.rank(c); err != nil {
				return err
			} else if r.Positive > 0 && r.Negative > 0 {
				auc, _ := r.AUC() // both classes are there
				ap, _ := r.AveragePrecision()
				out.ROCAUC, out.PRAUC = &auc, &ap
			}
		}
		e.report.PerClass = append(e.report.PerClass, out)
	}
	return nil
}

// rank sorts the rows looked at by their probability of a class.
func (e *evaluation) rank(c int) (*metric.Ranking, error) {
	r, err := metric.Rank(e.oneVsRest(e.at.Y, e.at.model.proba, c))
	if err != nil {
		return nil, fmt.Errorf("rank rows by class %q: %w", e.Classes[c], err)
	}
	return r, nil
}

func (e *evaluation) oneVsRest(y, proba []float64, c int) (truth []bool, score []float64) {
	truth, score = make([]bool, len(y)), make([]float64, len(y))
	for i, v := range y {
		truth[i], score[i] = int(v) == c, proba[i*e.k+c]
	}
	return truth, score
}

func (e *evaluation) residuals() []float64 {
	out := make([]float64, len(e.at.Y))
	for i, y := range e.at.Y {
		out[i] = y - e.at.model.values[i]
	}
	return out
}

// check makes the model checks. They compare test rows with training rows, so
// both are needed.
func (e *evaluation) check(ctx context.Context) error {
	if e.at.name != "test" || e.Train.rows() == 0 {
		e.omit("checks", "there are no training rows or no test rows")
		return nil
	}
	in := check.Input{Target: e.Target, Classes: e.Classes, Positive: e.Positive}
	for i, to := range []*check.Part{&in.Train, &in.Validation, &in.Test} {
		p := e.parts[i]
		*to = check.Part{X: p.X, Y: p.Y, Pred: p.model.values, Proba: p.model.proba}
	}
	if imp := e.report.Importance; imp != nil {
		in.Importances = []check.Importance{}
		// The checks want the standard deviation of a sample.
		scale := math.Sqrt(float64(imp.Repeats) / float64(max(imp.Repeats-1, 1)))
		for _, c := range imp.Columns {
			in.Importances = append(in.Importances, check.Importance{Column: c.Column, Mean: c.Drop, Std: c.Std * scale, Repeats: imp.Repeats})
		}
	}
	options := make(map[string]check.Options, len(e.o.Checks))
	for name, o := range e.o.Checks {
		options[name] = check.Options(o)
	}
	if o := options[driftCheck]; e.By != "" && o.Columns == nil {
		for _, f := range e.at.X.Schema().Without(e.By).Fields { // in that one the parts differ by design
			if f.Type != frame.Timestamp { // as without names
				o.Columns = append(o.Columns, f.Name)
			}
		}
		o.Off = o.Off || len(o.Columns) == 0
		options[driftCheck] = o
	}
	list, err := check.Run(ctx, in, options)
	if err != nil {
		return err
	}
	for i := range list { // JSON has no infinity
		list[i].Value = bounded(list[i].Value)
		for j := range list[i].Findings {
			list[i].Findings[j].Value = bounded(list[i].Findings[j].Value)
		}
	}
	e.report.Checks = list
	return nil
}

// driftCheck is the check's name in check.Catalog.
const driftCheck = "train_test_drift"

// bounded returns the finite number nearest to v.
func bounded(v float64) float64 {
	return min(max(v, -math.MaxFloat64), math.MaxFloat64)
}
