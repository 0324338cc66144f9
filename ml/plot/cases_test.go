package plot_test

import (
	"math"
	"math/rand/v2"

	"gristmill/ml/plot"
)

// pictures are the charts of an evaluation, from made-up numbers.
func pictures() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	var x, tpr, gain, precision []float64
	for i := range 101 {
		v := float64(i) / 100
		x, tpr, gain = append(x, v), append(tpr, math.Pow(v, 0.35)), append(gain, min(1, math.Pow(v, 0.6)*1.02))
		precision = append(precision, 0.27+0.7*math.Pow(1-v, 0.8))
	}
	var cost, costBase []float64
	for _, v := range x {
		cost, costBase = append(cost, 140*math.Pow(v-0.32, 2)+8.2), append(costBase, 27)
	}
	var actual, predicted, residuals, normal []float64
	for range 3000 {
		a := 180000 * math.Exp(0.4*rng.NormFloat64())
		p := a * math.Exp(0.12*rng.NormFloat64())
		actual, predicted, residuals = append(actual, a), append(predicted, p), append(residuals, a-p)
	}
	for i := range 400 {
		v := 3 * (float64(i)/399 - 0.5) * 2
		normal = append(normal, v)
	}
	heavy := make([]float64, len(normal))
	for i, v := range normal {
		heavy[i] = v + 0.15*v*v*v/3
	}
	low, high := make([]float64, 200), make([]float64, 200)
	for i := range low {
		low[i], high[i] = 0.5*rng.Float64()*rng.Float64(), 1-0.7*rng.Float64()*rng.Float64()
	}
	bars := []plot.Bar{
		{Name: "OverallQual", Value: 0.212, Low: 0.19, High: 0.235}, {Name: "GrLivArea", Value: 0.183, Low: 0.16, High: 0.2},
		{Name: "a column with a very long name that nobody reads to its end", Value: 0.05, Low: 0.03, High: 0.07},
		{Name: "Neighborhood", Value: 0.031, Low: 0.02, High: 0.04}, {Name: "noise", Value: -0.004, Low: -0.01, High: 0.002},
	}
	slices := []plot.Bar{
		{Name: "contract = Month-to-month", Value: 0.71, Low: 0.68, High: 0.74, Note: "n 781", Weak: true},
		{Name: "contract = One year", Value: 0.83, Low: 0.77, High: 0.88, Note: "n 301"},
		{Name: "contract = Two year", Value: 0.86, Low: 0.78, High: 0.93, Note: "n 327"},
	}
	var step, loss, band1, band2 []float64
	for i := range 500 {
		v := math.Exp(-float64(i)/90) + 0.1 + 0.02*rng.NormFloat64()
		step, loss = append(step, float64(i)), append(loss, v)
		band1, band2 = append(band1, v-0.08), append(band2, v+0.08)
	}
	var days, counts []float64
	for i := range 400 {
		days, counts = append(days, 1735689600+86400*float64(i)), append(counts, 1000+300*math.Sin(float64(i)/20)+40*rng.NormFloat64())
	}
	edges, hist := []float64{}, []float64{}
	for i := range 31 {
		edges = append(edges, 20+float64(i)*16)
		if i < 30 {
			hist = append(hist, math.Round(1500*math.Exp(-math.Pow(float64(i)-9, 2)/30)))
		}
	}
	return map[string][]byte{
		"roc":         plot.ROC("ROC curve, test rows", plot.Curve{Name: "champion, AUC 0.74", X: x, Y: tpr}, plot.Curve{Name: "candidate, AUC 0.81", X: x, Y: pow(x, 0.22)}),
		"pr":          plot.PrecisionRecall("Precision and recall, test rows", 0.27, plot.Curve{X: x, Y: precision}),
		"calibration": plot.Calibration("Calibration, test rows", []plot.Bin{{0.03, 0.02, 0.01, 0.05, 140}, {0.1, 0.09, 0.05, 0.15, 140}, {0.2, 0.25, 0.19, 0.32, 140}, {0.35, 0.33, 0.26, 0.41, 140}, {0.6, 0.71, 0.63, 0.78, 140}, {0.85, 0.9, 0.84, 0.94, 140}}),
		"gain":        plot.Gain("Cumulative gain, test rows", plot.Curve{X: x, Y: gain}),
		"thresholds":  plot.Thresholds("Metrics by threshold", 0.32, plot.Curve{Name: "precision", X: x, Y: pow(x, 0.4)}, plot.Curve{Name: "recall", X: x, Y: gain}, plot.Curve{Name: "f1", X: x, Y: tpr}),
		"cost":        plot.Cost("Expected cost by threshold", "cost per row, USD", 0.32, plot.Curve{Name: "model", X: x, Y: cost}, plot.Curve{Name: "baseline", X: x, Y: costBase}),
		"confusion":   plot.Confusion("Confusion matrix, test rows", []string{"No", "Yes"}, [][]int{{921, 114}, {163, 211}}),
		"confusion5":  plot.Confusion("Confusion matrix, test rows", []string{"setosa", "versicolor", "a very long class name", "<script>", "Übermaß"}, [][]int{{50, 1, 0, 0, 0}, {2, 40, 3, 4, 1}, {0, 0, 30, 1, 0}, {0, 5, 0, 12000, 0}, {0, 0, 0, 0, 7}}),
		"scores":      plot.Scores("Scores by class, test rows", plot.Group{Name: "No", Values: low}, plot.Group{Name: "Yes", Values: high}),
		"predicted":   plot.Predicted("Predicted and actual, test rows", "SalePrice", actual, predicted),
		"residuals":   plot.Residuals("Residuals, test rows", "SalePrice", predicted, residuals),
		"qq":          plot.QQ("Residuals against normal quantiles", normal, heavy),
		"histogram":   plot.Histogram("Distribution of monthly charges", "MonthlyCharges", edges, hist),
		"importance":  plot.Importances("Permutation importance", "increase of rmse", bars),
		"slices":      plot.Slices("roc_auc by slice", "roc_auc", 0.842, slices),
		"folds":       plot.Folds("Cross-validation", "roc_auc", []float64{0.83, 0.845, 0.84, 0.861, 0.829}),
		"loss":        plot.Chart{Title: "Training loss", X: plot.Axis{Label: "iteration"}, Y: plot.Axis{Label: "log loss", Log: true}, Series: []plot.Series{{X: step, Y: loss, Low: band1, High: band2}}}.SVG(),
		"time":        plot.Chart{Title: "Rows a day", X: plot.Axis{Label: "day", Time: true}, Y: plot.Axis{Label: "rows"}, Series: []plot.Series{{X: days, Y: counts}}}.SVG(),
		"many":        many(x),
		"empty":       plot.ROC("ROC curve, no rows"),
	}
}

func many(x []float64) []byte {
	var c plot.Chart
	c.Title = "Twenty series, a title that is so long that it can not be shown in full on one line of the picture"
	for i := range 20 {
		c.Series = append(c.Series, plot.Series{Name: "series " + string(rune('a'+i)), X: x, Y: pow(x, 0.2+0.15*float64(i))})
	}
	return c.SVG()
}

func pow(x []float64, e float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Pow(v, e)
	}
	return out
}
