package evaluate

import (
	"context"
	"math"
	"slices"

	"gristmill/ml/metric"
	"gristmill/ml/plot"
)

// rocCurve, prCurve and gainCurve are stored curves of one class against the
// rest, thinned; areas are exact.
type (
	rocCurve struct {
		Class      string  `json:"class"`
		AUC        float64 `json:"auc"`
		FPR        floats  `json:"fpr"`
		TPR        floats  `json:"tpr"`
		Thresholds floats  `json:"thresholds"` // null: above every score
	}
	prCurve struct {
		Class      string  `json:"class"`
		AP         float64 `json:"average_precision"`
		Share      float64 `json:"share"` // of rows of the class: what chance gives
		Precision  floats  `json:"precision"`
		Recall     floats  `json:"recall"`
		Thresholds floats  `json:"thresholds"`
	}
	gainCurve struct {
		Class string `json:"class"`
		Rows  floats `json:"rows"`
		Gain  floats `json:"gain"`
		Lift  floats `json:"lift"`
	}
)

type curves[T any] struct {
	Curves []T `json:"curves"`
}

// drawClassification makes roc, pr, gain, calibration, confusion and scores,
// and of two classes threshold and cost.
func (e *evaluation) drawClassification(ctx context.Context) error {
	for _, draw := range []func() error{e.drawCurves, e.drawCalibration, e.drawConfusion, e.drawScores, e.drawThreshold} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := draw(); err != nil {
			return err
		}
	}
	return nil
}

// drawn lists the classes that have curves: the positive one of two; of more
// the most frequent ones, in the order of the classes.
func (e *evaluation) drawn() []int {
	if e.k == 2 {
		return []int{e.Positive}
	}
	var list []int
	for c := range e.k {
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b int) int { return e.report.PerClass[b].Rows - e.report.PerClass[a].Rows })
	list = list[:min(len(list), maxCurves)]
	slices.Sort(list)
	return list
}

func (e *evaluation) drawCurves() error {
	var roc curves[rocCurve]
	var pr curves[prCurve]
	var gain curves[gainCurve]
	var rocs, prs, gains []plot.Curve
	for _, c := range e.drawn() {
		r, err := e.rank(c)
		if err != nil {
			return err
		}
		if r.Positive == 0 || r.Negative == 0 {
			continue
		}
		a, _ := r.ROC(true) // both classes are there
		b, _ := r.PR()
		g, _ := r.Gain()
		area, _ := r.AUC()
		ap, _ := r.AveragePrecision()
		name := e.Classes[c]
		at := thin(a.FPR, a.TPR)
		roc.Curves = append(roc.Curves, rocCurve{name, area, pick(a.FPR, at), pick(a.TPR, at), pick(a.Thresholds, at)})
		at = thin(b.Precision, b.Recall)
		pr.Curves = append(pr.Curves, prCurve{name, ap, r.Positive / (r.Positive + r.Negative), pick(b.Precision, at), pick(b.Recall, at), pick(append(b.Thresholds, math.Inf(1)), at)})
		at = thin(g.Rows, g.Gain)
		gain.Curves = append(gain.Curves, gainCurve{name, pick(g.Rows, at), pick(g.Gain, at), pick(g.Lift, at)})
		rocs = append(rocs, plot.Curve{Name: name + ", area " + plot.Number(area), X: a.FPR, Y: a.TPR})
		prs = append(prs, plot.Curve{Name: name + ", average " + plot.Number(ap), X: b.Recall, Y: b.Precision})
		gains = append(gains, plot.Curve{Name: name, X: g.Rows, Y: g.Gain})
	}
	if len(rocs) == 0 {
		e.omit("curves", "the rows are all of one class")
		return nil
	}
	share := math.NaN()
	if e.k == 2 {
		share = pr.Curves[0].Share
	}
	if err := e.plot("roc", "ROC curve", roc, func(t string) []byte { return plot.ROC(t, rocs...) }); err != nil {
		return err
	}
	if err := e.plot("pr", "Precision and recall", pr, func(t string) []byte { return plot.PrecisionRecall(t, share, prs...) }); err != nil {
		return err
	}
	return e.plot("gain", "Cumulative gain", gain, func(t string) []byte { return plot.Gain(t, gains...) })
}

// binning is a calibration with its expected calibration error.
type binning struct {
	Error float64                 `json:"error"`
	Bins  []metric.CalibrationBin `json:"bins"`
}

// drawCalibration compares the probability of the positive class of two, of
// more classes that of the called one, with what happened, in ten bins.
func (e *evaluation) drawCalibration() error {
	truth, proba := e.oneVsRest(e.at.Y, e.at.model.proba, e.Positive)
	of := "positive class"
	if e.k > 2 {
		of = "called class"
		for i, v := range e.at.model.values {
			truth[i], proba[i] = v == e.at.Y[i], e.at.model.proba[i*e.k+int(v)]
		}
	}
	data := struct {
		Of       string  `json:"of"`
		Quantile binning `json:"quantile"` // bins of about equally many rows
		Uniform  binning `json:"uniform"`  // bins of equal width
	}{Of: of}
	for strategy, to := range map[metric.Strategy]*binning{metric.Quantile: &data.Quantile, metric.Uniform: &data.Uniform} {
		bins, err := metric.Calibration(truth, proba, 10, strategy)
		if err != nil {
			return err
		}
		*to = binning{metric.CalibrationError(bins), bins}
	}
	e.report.ECE = &data.Quantile.Error
	bins := make([]plot.Bin, len(data.Quantile.Bins))
	for i, b := range data.Quantile.Bins {
		bins[i] = plot.Bin{Predicted: b.Predicted, Observed: b.Observed, Low: b.Low, High: b.High, Rows: b.Rows}
	}
	return e.plot("calibration", "Calibration of probabilities", data, func(t string) []byte { return plot.Calibration(t, bins) })
}

func (e *evaluation) drawConfusion() error {
	counts := e.report.Confusion[e.at.name]
	return e.plot("confusion", "Confusion matrix", struct {
		Classes []string `json:"classes"`
		Counts  [][]int  `json:"counts"`
	}{e.Classes, counts}, func(t string) []byte { return plot.Confusion(t, e.Classes, counts) })
}

// drawScores shows how probabilities are distributed: of two classes that of
// the positive one by actual class, of more that of the called class by whether
// it was right.
func (e *evaluation) drawScores() error {
	groups := make([]plot.Group, 2)
	for i, y := range e.at.Y {
		if e.k == 2 {
			g := &groups[int(y)]
			g.Name = e.Classes[int(y)]
			g.Values = append(g.Values, e.at.model.proba[i*2+e.Positive])
			continue
		}
		v := int(e.at.model.values[i])
		g := &groups[1]
		if g.Name = "right"; v != int(y) {
			g = &groups[0]
			g.Name = "wrong"
		}
		g.Values = append(g.Values, e.at.model.proba[i*e.k+v])
	}
	groups = slices.DeleteFunc(groups, func(g plot.Group) bool { return len(g.Values) == 0 })
	const bins = 25
	type group struct {
		Name   string `json:"name"`
		Rows   int    `json:"rows"`
		Counts []int  `json:"counts"` // in 25 equal bins from 0 to 1
	}
	var data struct {
		Groups []group `json:"groups"`
	}
	for _, g := range groups {
		counts := make([]int, bins)
		for _, p := range g.Values {
			counts[min(int(p*bins), bins-1)]++
		}
		data.Groups = append(data.Groups, group{g.Name, len(g.Values), counts})
	}
	return e.plot("scores", "Distribution of probabilities", data, func(t string) []byte { return plot.Scores(t, groups...) })
}

// drawThreshold shows what each threshold of two classes comes to, and costs.
func (e *evaluation) drawThreshold() error {
	t := e.report.Threshold
	if t == nil {
		return nil
	}
	r, err := e.rank(e.Positive)
	if err != nil {
		return err
	}
	sweep := r.Sweep(e.cellCost())
	column := func(of func(metric.Decision) float64) []float64 {
		out := make([]float64, len(sweep))
		for i, d := range sweep {
			out[i] = of(d)
		}
		return out
	}
	at := column(func(d metric.Decision) float64 { return d.Threshold })
	precision := column(func(d metric.Decision) float64 { return d.Precision })
	recall := column(func(d metric.Decision) float64 { return d.Recall })
	f1 := column(func(d metric.Decision) float64 { return d.F1 })
	youden := column(func(d metric.Decision) float64 { return d.Youden })
	cost := column(func(d metric.Decision) float64 { return d.Cost })
	// Where nothing is called positive, precision is 0 by definition only.
	keep := thin(at[1:], precision[1:], recall[1:], f1[1:], youden[1:])
	for i := range keep {
		keep[i]++
	}
	err = e.plot("threshold", "Metrics by threshold", struct {
		By        string  `json:"by"`
		Chosen    float64 `json:"chosen"`
		On        string  `json:"on"`
		Threshold floats  `json:"threshold"`
		Precision floats  `json:"precision"`
		Recall    floats  `json:"recall"`
		F1        floats  `json:"f1"`
		Youden    floats  `json:"youden"`
	}{t.By, t.Value, t.On, pick(at, keep), pick(precision, keep), pick(recall, keep), pick(f1, keep), pick(youden, keep)}, func(title string) []byte {
		return plot.Thresholds(title, t.Value, plot.Curve{Name: "precision", X: at[1:], Y: precision[1:]},
			plot.Curve{Name: "recall", X: at[1:], Y: recall[1:]}, plot.Curve{Name: "f1", X: at[1:], Y: f1[1:]})
	})
	if err != nil || e.report.Cost == nil {
		return err
	}
	keep = thin(at, cost)
	var best *float64
	chosen := math.NaN()
	if b := e.report.Cost.Best; b != nil && b.Threshold != nil {
		best, chosen = b.Threshold, *b.Threshold
	}
	return e.plot("cost", "Cost by threshold", struct {
		Currency  string   `json:"currency"`
		Chosen    *float64 `json:"chosen"` // null: none
		Baseline  float64  `json:"baseline"`
		Threshold floats   `json:"threshold"`
		Cost      floats   `json:"cost"` // per row
	}{e.report.Cost.Currency, best, e.report.Cost.Baseline, pick(at, keep), pick(cost, keep)}, func(title string) []byte {
		return plot.Cost(title, "cost per row, "+e.report.Cost.Currency, chosen, plot.Curve{Name: "model", X: at, Y: cost},
			plot.Curve{Name: "baseline", X: []float64{0, 1}, Y: []float64{e.report.Cost.Baseline, e.report.Cost.Baseline}})
	})
}
