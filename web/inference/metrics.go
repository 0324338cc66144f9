package inference

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the door counts. Only names of deployed models become
// labels; a request for any other counts under the empty name.
type metrics struct {
	requests *prometheus.CounterVec   // model, version, protocol, code
	seconds  *prometheus.HistogramVec // model, version, protocol
	rows     *prometheus.CounterVec   // model, version
	inFlight prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gristmill_inference_requests_total",
			Help: "Answered prediction requests by model, version, protocol and status code.",
		}, []string{"model", "version", "protocol", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gristmill_inference_duration_seconds",
			Help: "Time from a prediction request's arrival to the end of its answer, by model, version and protocol.",
			// Models answer in microseconds; the usual buckets begin at 5 ms.
			Buckets:                        []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
			NativeHistogramBucketFactor:    1.1,
			NativeHistogramMaxBucketNumber: 160,
		}, []string{"model", "version", "protocol"}),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gristmill_inference_rows_total",
			Help: "Rows predicted, by model and version.",
		}, []string{"model", "version"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gristmill_inference_in_flight",
			Help: "Prediction requests being answered.",
		}),
	}
	reg.MustRegister(m.requests, m.seconds, m.rows, m.inFlight)
	return m
}

// count records an answered prediction request.
func (m *metrics) count(x *exchange) {
	model, version := x.model, ""
	if x.contract != nil {
		version = x.contract.number
	}
	m.requests.WithLabelValues(model, version, x.rt.protocol, strconv.Itoa(x.status)).Inc()
	m.seconds.WithLabelValues(model, version, x.rt.protocol).Observe(time.Since(x.began).Seconds())
	if x.rows > 0 {
		m.rows.WithLabelValues(model, version).Add(float64(x.rows))
	}
}
