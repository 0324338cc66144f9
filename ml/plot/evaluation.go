package plot

import (
	"fmt"
	"math"
)

// Curve is one named line.
type Curve struct {
	Name string
	X, Y []float64
}

func lines(kind Kind, curves []Curve) []Series {
	list := make([]Series, len(curves))
	for i, c := range curves {
		list[i] = Series{Name: c.Name, Kind: kind, X: c.X, Y: c.Y}
	}
	return list
}

// ROC draws true positive rate over false positive rate, with the diagonal that
// chance gives.
func ROC(title string, curves ...Curve) []byte {
	return Chart{Title: title, Square: true, Series: lines(Line, curves),
		X:     unit("false positive rate"),
		Y:     unit("true positive rate"),
		Marks: []Mark{{Kind: Diagonal, Name: "chance"}},
	}.SVG()
}

// PrecisionRecall draws precision over recall, as steps, with the share of
// positives, which chance gives.
func PrecisionRecall(title string, share float64, curves ...Curve) []byte {
	return Chart{Title: title, Square: true, Series: lines(Step, curves),
		X:     unit("recall"),
		Y:     unit("precision"),
		Marks: []Mark{{Kind: Horizontal, At: share, Name: "chance"}},
	}.SVG()
}

// Bin is a group of rows with like predictions.
type Bin struct {
	Predicted, Observed float64 // mean probability, and share of positives
	Low, High           float64 // interval of Observed; both 0: none
	Rows                int
}

// Calibration draws observed shares over predicted probabilities with their
// intervals.
func Calibration(title string, bins []Bin) []byte {
	s := Series{Kind: LineDots}
	interval := false
	for _, b := range bins {
		s.X, s.Y = append(s.X, b.Predicted), append(s.Y, b.Observed)
		s.Low, s.High = append(s.Low, b.Low), append(s.High, b.High)
		interval = interval || b.Low != 0 || b.High != 0
	}
	if !interval {
		s.Low, s.High = nil, nil
	}
	return Chart{Title: title, Square: true, Series: []Series{s},
		X:     unit("predicted probability"),
		Y:     unit("observed share"),
		Marks: []Mark{{Kind: Diagonal, Name: "perfect"}},
	}.SVG()
}

// Gain draws the share of positives found over the share of rows looked at, the
// likeliest first.
func Gain(title string, curves ...Curve) []byte {
	return Chart{Title: title, Square: true, Series: lines(Line, curves),
		X:     percent("rows, likeliest first"),
		Y:     percent("positives found"),
		Marks: []Mark{{Kind: Diagonal, Name: "chance"}},
	}.SVG()
}

// Thresholds draws metrics between 0 and 1 over the threshold and marks the
// chosen one; NaN: none.
func Thresholds(title string, chosen float64, curves ...Curve) []byte {
	return Chart{Title: title, Series: lines(Line, curves),
		X:     unit("threshold"),
		Y:     unit(""),
		Marks: chosenMark(chosen),
	}.SVG()
}

// Cost draws costs over the threshold and marks the chosen one; NaN: none.
// label names the unit: "cost per row, USD".
func Cost(title, label string, chosen float64, curves ...Curve) []byte {
	return Chart{Title: title, Series: lines(Line, curves),
		X:     unit("threshold"),
		Y:     Axis{Label: label},
		Marks: chosenMark(chosen),
	}.SVG()
}

func chosenMark(at float64) []Mark {
	if math.IsNaN(at) {
		return nil
	}
	return []Mark{{Kind: Vertical, At: at, Name: "chosen " + Number(at)}}
}

// Group is one named set of values.
type Group struct {
	Name   string
	Values []float64
}

// Scores draws the distribution of the scores of each group (the classes),
// each as a share of its rows in bins of 0.04.
func Scores(title string, groups ...Group) []byte {
	const bins = 25
	edges := make([]float64, bins+1)
	for i := range edges {
		edges[i] = float64(i) / bins
	}
	c := Chart{Title: title, X: unit("predicted probability"), Y: Axis{Label: "share of the class", Percent: true, Min: new(0.0)}}
	for _, g := range groups {
		counts := histogram(g.Values, edges)
		total := 0.0
		for _, n := range counts {
			total += n
		}
		for i := range counts {
			counts[i] /= max(total, 1)
		}
		c.Series = append(c.Series, Series{Name: g.Name, Kind: Bars, X: edges, Y: counts})
	}
	return c.SVG()
}

// Predicted draws predictions over actual values, with the diagonal.
func Predicted(title, target string, actual, predicted []float64) []byte {
	low, high := span(actual, predicted)
	axis := func(label string) Axis { return Axis{Label: label, Min: low, Max: high} }
	return Chart{Title: title, Square: true,
		X:      axis(join("actual", target)),
		Y:      axis(join("predicted", target)),
		Series: []Series{{Kind: Dots, X: actual, Y: predicted}},
		Marks:  []Mark{{Kind: Diagonal}},
	}.SVG()
}

// Residuals draws actual less predicted over predicted.
func Residuals(title, target string, predicted, residuals []float64) []byte {
	return Chart{Title: title,
		X:      Axis{Label: join("predicted", target)},
		Y:      Axis{Label: "actual - predicted"},
		Series: []Series{{Kind: Dots, X: predicted, Y: residuals}},
		Marks:  []Mark{{Kind: Horizontal, At: 0}},
	}.SVG()
}

// QQ draws the quantiles of residuals over those of a normal distribution of
// the same mean and standard deviation (Blom's positions are the caller's).
func QQ(title string, normal, residuals []float64) []byte {
	low, high := span(normal, residuals)
	return Chart{Title: title, Square: true,
		X:      Axis{Label: "normal quantile", Min: low, Max: high},
		Y:      Axis{Label: "residual", Min: low, Max: high},
		Series: []Series{{Kind: Dots, X: normal, Y: residuals}},
		Marks:  []Mark{{Kind: Diagonal}},
	}.SVG()
}

// Histogram draws how often values lie between edges: len(counts)+1 of them.
func Histogram(title, label string, edges, counts []float64) []byte {
	return Chart{Title: title,
		X:      Axis{Label: label},
		Y:      Axis{Label: "rows", Min: new(0.0)},
		Series: []Series{{Kind: Bars, X: edges, Y: counts}},
	}.SVG()
}

// Importances draws a bar for each column, in the given order, with its
// interval.
func Importances(title, label string, bars []Bar) []byte {
	return BarChart{Title: title, Label: label, Bars: bars}.SVG()
}

// Slices draws a metric of segments as dots with intervals, with the metric of
// all rows as a line.
func Slices(title, metric string, overall float64, bars []Bar) []byte {
	return BarChart{Title: title, Label: metric, Bars: bars, Dots: true,
		Marks: []Mark{{Kind: Vertical, At: overall, Name: "all rows " + Number(overall)}}}.SVG()
}

// Folds draws a metric of each fold of a cross-validation, with the mean and
// one standard deviation around it.
func Folds(title, metric string, values []float64) []byte {
	var bars []Bar
	sum, n := 0.0, 0.0
	for i, v := range values {
		bars = append(bars, Bar{Name: fmt.Sprintf("fold %d", i+1), Value: v})
		if finite(v) {
			sum, n = sum+v, n+1
		}
	}
	c := BarChart{Title: title, Label: metric, Bars: bars, Dots: true}
	if n > 0 {
		mean, squares := sum/n, 0.0
		for _, v := range values {
			if finite(v) {
				squares += (v - mean) * (v - mean)
			}
		}
		std := math.Sqrt(squares / max(n-1, 1))
		c.Band = [2]float64{mean - std, mean + std}
		c.Marks = []Mark{{Kind: Vertical, At: mean, Name: fmt.Sprintf("mean %s ± %s", Number(mean), spread(std))}}
	}
	return c.SVG()
}

// spread writes a standard deviation with two significant digits.
func spread(v float64) string {
	if v == 0 || !finite(v) {
		return Number(v)
	}
	scale := math.Pow(10, 1-math.Floor(math.Log10(v)))
	if rounded := math.Round(v*scale) / scale; finite(rounded) {
		return Number(rounded)
	}
	return Number(v)
}

func unit(label string) Axis {
	return Axis{Label: label, Min: new(0.0), Max: new(1.0)}
}

func percent(label string) Axis {
	return Axis{Label: label, Min: new(0.0), Max: new(1.0), Percent: true}
}

func join(word, name string) string {
	if name == "" {
		return word
	}
	return word + " " + name
}

// span returns the least and greatest finite number of both, or nil, nil.
func span(lists ...[]float64) (low, high *float64) {
	a, b := math.Inf(1), math.Inf(-1)
	for _, list := range lists {
		for _, v := range list {
			if finite(v) {
				a, b = min(a, v), max(b, v)
			}
		}
	}
	if a > b {
		return nil, nil
	}
	return &a, &b
}
