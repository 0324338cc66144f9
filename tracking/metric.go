package tracking

import "time"

// Metric is one point of a series. Two points are the same if all of key, value,
// time (in milliseconds) and step are; logging a point twice stores it once. The
// latest point is the greatest by (step, time, value), not the last to arrive.
type Metric struct {
	Key   string    `json:"key"`
	Value float64   `json:"value"` // may be NaN or infinite
	Time  time.Time `json:"timestamp"`
	Step  int64     `json:"step"`
}
