package web

import (
	"fmt"
	"math"
	"strings"
	"time"

	"gristmill/tracking"
)

// chart is one series as a line in an SVG of chartWidth by chartHeight.
type chart struct {
	Key     string
	Lines   []string // points of polylines; a gap where a value is not finite
	Dot     [2]string
	Low     string // least and greatest value, for the axis
	High    string
	Last    string
	Summary string // what the picture shows, for those who do not see it
}

const (
	chartWidth  = 320.0
	chartHeight = 96.0
	chartPad    = 6.0
	chartPoints = 320 // more are thinned to the least and greatest of each bucket
)

// newChart draws a series; ok is false if it has fewer than two points to draw.
func newChart(key string, series []tracking.Metric) (c chart, ok bool) {
	finite := 0
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range series {
		if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
			low, high = min(low, p.Value), max(high, p.Value)
			finite++
		}
	}
	if finite < 2 {
		return chart{}, false
	}
	first, last := series[0].Step, series[len(series)-1].Step
	x := func(step int64) float64 {
		if last == first {
			return chartWidth / 2
		}
		return chartPad + float64(step-first)/float64(last-first)*(chartWidth-2*chartPad)
	}
	y := func(v float64) float64 {
		if high == low {
			return chartHeight / 2
		}
		return chartHeight - chartPad - (v/2-low/2)/(high/2-low/2)*(chartHeight-2*chartPad)
	}
	var line []string
	flush := func() {
		if len(line) > 0 {
			c.Lines = append(c.Lines, strings.Join(line, " "))
		}
		line = nil
	}
	for _, p := range thin(series) {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			flush()
			continue
		}
		line = append(line, fmt.Sprintf("%.1f,%.1f", x(p.Step), y(p.Value)))
		c.Dot = [2]string{fmt.Sprintf("%.1f", x(p.Step)), fmt.Sprintf("%.1f", y(p.Value))}
		c.Last = number5(p.Value)
	}
	flush()
	c.Key, c.Low, c.High = key, number5(low), number5(high)
	c.Summary = fmt.Sprintf("%s: %s from step %d to %d, between %s and %s, last %s",
		key, plural(len(series), "point"), first, last, c.Low, c.High, c.Last)
	return c, true
}

// thin keeps the least and the greatest point of each of chartPoints/2 buckets,
// so that no peak is lost.
func thin(series []tracking.Metric) []tracking.Metric {
	if len(series) <= chartPoints {
		return series
	}
	const buckets = chartPoints / 2
	out := make([]tracking.Metric, 0, chartPoints)
	for b := range buckets {
		part := series[b*len(series)/buckets : (b+1)*len(series)/buckets]
		least, most := 0, 0
		for i, p := range part {
			if p.Value < part[least].Value {
				least = i
			}
			if p.Value > part[most].Value {
				most = i
			}
		}
		out = append(out, part[min(least, most)])
		if least != most {
			out = append(out, part[max(least, most)])
		}
	}
	return out
}

// bar is a stretch of a run's time, in thousandths of it.
type bar struct{ X, Width int }

// newBar places a step's time within its run's.
func newBar(from, to, start time.Time, whole time.Duration) bar {
	if whole <= 0 {
		return bar{0, 1000}
	}
	x := int(1000 * float64(from.Sub(start)) / float64(whole))
	width := int(1000 * float64(to.Sub(from)) / float64(whole))
	x = min(max(x, 0), 995)
	return bar{x, min(max(width, 5), 1000-x)}
}
