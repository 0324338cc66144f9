package evaluate

import (
	"context"

	"gristmill/ml/metric"
	"gristmill/ml/plot"
)

// drawRegression makes predicted_actual, residuals, qq and residual_histogram.
func (e *evaluation) drawRegression(context.Context) error {
	if e.report.Residuals == nil {
		return nil
	}
	rest := e.residuals()
	rows := e.scatter(len(rest))
	actual, predicted, some := pick(e.at.Y, rows), pick(e.at.model.values, rows), pick(rest, rows)
	err := e.plot("predicted_actual", "Predicted and actual values", struct {
		Rows      int    `json:"rows"` // of which the points are a sample
		Actual    floats `json:"actual"`
		Predicted floats `json:"predicted"`
	}{len(rest), actual, predicted}, func(title string) []byte {
		return plot.Predicted(title, e.Target, actual, predicted)
	})
	if err != nil {
		return err
	}
	err = e.plot("residuals", "Residuals", struct {
		Rows      int            `json:"rows"`
		Summary   metric.Summary `json:"summary"` // of all rows
		Predicted floats         `json:"predicted"`
		Residual  floats         `json:"residual"`
	}{len(rest), *e.report.Residuals, predicted, some}, func(title string) []byte {
		return plot.Residuals(title, e.Target, predicted, some)
	})
	if err != nil {
		return err
	}
	if err := e.drawQQ(rest); err != nil {
		return err
	}
	edges, counts := metric.Bins(rest)
	return e.plot("residual_histogram", "Distribution of residuals", struct {
		Edges  floats `json:"edges"`
		Counts floats `json:"counts"`
	}{edges, counts}, func(title string) []byte {
		return plot.Histogram(title, "actual - predicted", edges, counts)
	})
}

func (e *evaluation) drawQQ(rest []float64) error {
	if len(rest) < 2 {
		e.omit("qq", "one row has no distribution")
		return nil
	}
	qq, err := metric.NormalQQ(rest)
	if err != nil {
		return err
	}
	at := thin(qq.Normal, qq.Ordered)
	normal, ordered := pick(qq.Normal, at), pick(qq.Ordered, at)
	scaled := make([]float64, len(normal))
	for i, z := range normal {
		scaled[i] = e.report.Residuals.Mean + e.report.Residuals.Std*z
	}
	return e.plot("qq", "Residuals beside normal quantiles", struct {
		Rows      int     `json:"rows"`
		Slope     float64 `json:"slope"`
		Intercept float64 `json:"intercept"`
		R         float64 `json:"r"`
		Normal    floats  `json:"normal"` // standard normal quantiles
		Ordered   floats  `json:"ordered"`
	}{len(rest), qq.Slope, qq.Intercept, qq.R, normal, ordered}, func(title string) []byte {
		return plot.QQ(title, scaled, ordered)
	})
}
