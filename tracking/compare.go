package tracking

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Compared is a run as a comparison sees it.
type Compared struct {
	Run     Run
	Weights string // SHA-256 of the fitted weights; "" if there are none
}

// Comparison says what differs between two runs.
type Comparison struct {
	A           string       `json:"a"` // the runs' IDs
	B           string       `json:"b"`
	SameSpec    bool         `json:"same_spec"`    // every param is equal
	SameData    bool         `json:"same_data"`    // the same bytes
	SameMetrics bool         `json:"same_metrics"` // every metric is there in both, equal to the last bit
	SameWeights bool         `json:"same_weights"` // both have weights, and they are equal
	Differences []Difference `json:"differences"`
}

// Difference is one value that two runs do not share; "" where a run has none.
type Difference struct {
	Kind string `json:"kind"` // DiffSpec, DiffData, ...
	Key  string `json:"key"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// The kinds of Difference, in the order in which a comparison lists them.
const (
	DiffSpec    = "spec"    // a param
	DiffData    = "data"    // the bytes that were read
	DiffCode    = "code"    // version of Gristmill, commit and changes of the caller's directory
	DiffWeights = "weights" //
	DiffMetric  = "metric"  // the latest value of a metric
)

// codeTags are the tags that say by which code a run was made.
func codeTags() []string {
	return []string{"gristmill.version", "mlflow.source.git.commit", "gristmill.git_dirty", "gristmill.diff"}
}

// Compare says what differs between two runs: what they were asked, what they
// read, what made them, and what came out.
func Compare(a, b Compared) Comparison {
	c := Comparison{A: a.Run.ID, B: b.Run.ID, Differences: []Difference{}}
	note := func(kind, key, x, y string) bool {
		if x != y {
			c.Differences = append(c.Differences, Difference{kind, key, x, y})
		}
		return x == y
	}
	c.SameSpec, c.SameMetrics = true, true
	for _, k := range keys(a.Run.Params, b.Run.Params) {
		c.SameSpec = note(DiffSpec, k, a.Run.Params[k], b.Run.Params[k]) && c.SameSpec
	}
	const data = "gristmill.data_digest"
	c.SameData = note(DiffData, "digest", a.Run.Tags[data], b.Run.Tags[data]) && a.Run.Tags[data] != ""
	for _, k := range codeTags() {
		note(DiffCode, strings.TrimPrefix(k, "gristmill."), a.Run.Tags[k], b.Run.Tags[k])
	}
	c.SameWeights = note(DiffWeights, "weights_sha256", a.Weights, b.Weights) && a.Weights != ""
	for _, k := range keys(a.Run.Metrics, b.Run.Metrics) {
		c.SameMetrics = note(DiffMetric, k, valueOf(a.Run.Metrics, k), valueOf(b.Run.Metrics, k)) && c.SameMetrics
	}
	return c
}

// valueOf is a metric as the shortest text that reads back as the same number.
func valueOf(m map[string]float64, key string) string {
	v, ok := m[key]
	if !ok {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// keys returns the keys of both maps, sorted.
func keys[V any](a, b map[string]V) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.SortFunc(all, cmp.Compare[string])
	return slices.Compact(all)
}
