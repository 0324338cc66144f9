package web

import (
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gristmill"
	"gristmill/tracking"
)

// other is a run that this one may be compared with.
type other struct {
	ID, Name string
	Status   tracking.Status
	Started  time.Time
	Chosen   bool
}

// maxOthers bounds the choice.
const maxOthers = 50

// others are runs of the same experiment. Chosen is the run that this one does
// again, else the newest one before it that ended well, else any.
func (s *server) others(ctx context.Context, run tracking.Run, again string) ([]other, error) {
	list, _, err := s.Runs.ListRuns(ctx, tracking.RunFilter{Project: s.cfg.Project, Experiment: run.Experiment}, gristmill.Page{Limit: 200})
	if err != nil {
		return nil, err
	}
	best, rank := "", 0
	for _, o := range list { // the newest first
		r := 1
		switch before := !o.StartedAt.After(run.StartedAt); {
		case o.ID == run.ID:
			r = 0
		case o.ID == again:
			r = 4
		case before && (o.Status == tracking.Succeeded || o.Status == tracking.Rejected):
			r = 3
		case before:
			r = 2
		}
		if r > rank {
			best, rank = o.ID, r
		}
	}
	var out []other
	for _, o := range list {
		if o.ID != run.ID && (len(out) < maxOthers || o.ID == best) {
			out = append(out, other{o.ID, o.Name, o.Status, o.StartedAt.UTC(), o.ID == best})
		}
	}
	return out, nil
}

// compareView is what the page of two runs shows.
type compareView struct {
	A, B       tracking.Run
	Same       []sameness
	Groups     []diffGroup
	Reproduced string // "yes", "no" if one run does the other again and both have ended
}

// side is one of the two runs.
type side struct {
	Name string // "A" or "B"
	Run  tracking.Run
}

// Sides are both runs in their order.
func (v compareView) Sides() []side { return []side{{"A", v.A}, {"B", v.B}} }

type sameness struct {
	What string
	Same bool
}

// diffGroup are differences of one kind.
type diffGroup struct {
	Kind, Title string
	Rows        []diffRow
	Bounds      int  // ends of intervals, which are not shown
	Folded      bool // of less interest
}

type diffRow struct {
	tracking.Difference
	ShownA, ShownB string
	DataA, DataB   bool   // the values are digests of datasets
	Change         string // of a metric, from A to B
}

func (s *server) comparePage(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	var missing []gristmill.Problem
	for _, key := range []string{"a", "b"} {
		if q.Get(key) == "" {
			missing = append(missing, gristmill.Problem{Path: key, Want: "a run's ID", Msg: key + ": missing; expected a run's ID, as in /compare?a=ID&b=ID"})
		}
	}
	if err := gristmill.Problems("two runs are needed to compare", missing); err != nil {
		return err
	}
	a, err := s.compared(r, q.Get("a"))
	if err != nil {
		return err
	}
	b, err := s.compared(r, q.Get("b"))
	if err != nil {
		return err
	}
	c := tracking.Compare(a, b)
	data := compareView{A: a.Run, B: b.Run, Groups: diffGroups(c, a.Run, b.Run),
		Same: []sameness{{"spec", c.SameSpec}, {"data", c.SameData}, {"weights", c.SameWeights}, {"metrics", c.SameMetrics}}}
	again := a.Run.Tags["gristmill.reproduces"] == b.Run.ID || b.Run.Tags["gristmill.reproduces"] == a.Run.ID
	if again && a.Run.Status.Ended() && b.Run.Status.Ended() {
		data.Reproduced = map[bool]string{true: "yes", false: "no"}[c.SameWeights && c.SameMetrics]
	}
	return s.pages.show(w, http.StatusOK, "compare", view{Title: a.Run.Name + " and " + b.Run.Name, Nav: "runs",
		Refresh: refreshWhile(!a.Run.Status.Ended() || !b.Run.Status.Ended()), Data: data})
}

func diffGroups(c tracking.Comparison, a, b tracking.Run) []diffGroup {
	groups := []diffGroup{{Kind: tracking.DiffSpec, Title: "Spec"}, {Kind: tracking.DiffData, Title: "Data"}, {Kind: tracking.DiffCode, Title: "Code"},
		{Kind: tracking.DiffWeights, Title: "Weights"}, {Kind: tracking.DiffMetric, Title: "Metrics"}, {Kind: otherMetric, Title: "Other metrics", Folded: true}}
	for _, d := range c.Differences {
		kind := d.Kind
		if kind == tracking.DiffMetric && rankOf(d.Key) > 1 {
			kind = otherMetric
		}
		i := slices.IndexFunc(groups, func(g diffGroup) bool { return g.Kind == kind })
		if i < 0 {
			groups = append(groups, diffGroup{Kind: d.Kind, Title: d.Kind})
			i = len(groups) - 1
		}
		if d.Kind == tracking.DiffMetric && (isBound(d.Key, a.Metrics) || isBound(d.Key, b.Metrics)) {
			groups[i].Bounds++
			continue
		}
		row := diffRow{Difference: d, ShownA: d.A, ShownB: d.B}
		if d.Kind == tracking.DiffMetric {
			row.ShownA, row.ShownB, row.Change = numeral(d.A), numeral(d.B), change(d.A, d.B)
		}
		if d.Kind == tracking.DiffData {
			row.DataA, row.DataB = gristmill.Digest(d.A).Valid(), gristmill.Digest(d.B).Valid()
		}
		groups[i].Rows = append(groups[i].Rows, row)
	}
	groups = slices.DeleteFunc(groups, func(g diffGroup) bool { return len(g.Rows) == 0 && g.Bounds == 0 })
	for _, g := range groups {
		if g.Metric() {
			slices.SortStableFunc(g.Rows, func(x, y diffRow) int { return rankOf(x.Key) - rankOf(y.Key) })
		}
	}
	return groups
}

// otherMetric is the group of the metrics by which no model is chosen.
const otherMetric = "other metric"

// Metric reports whether the rows are numbers.
func (g diffGroup) Metric() bool { return g.Kind == tracking.DiffMetric || g.Kind == otherMetric }

// rankOf puts metrics on test rows first, then those of folds.
func rankOf(metric string) int {
	if strings.HasSuffix(metric, "_std") {
		return 3
	}
	for i, prefix := range []string{"test_", "cv_", "val_"} {
		if strings.HasPrefix(metric, prefix) {
			return i
		}
	}
	return 3
}

// numeral shows a number that a comparison gives as text.
func numeral(s string) string {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return number5(f)
}

// change is the difference of two numbers, with its sign.
func change(a, b string) string {
	x, errA := strconv.ParseFloat(a, 64)
	y, errB := strconv.ParseFloat(b, 64)
	d := y - x
	if errA != nil || errB != nil || math.IsNaN(d) || math.IsInf(d, 0) {
		return ""
	}
	if d > 0 {
		return "+" + number5(d)
	}
	return number5(d)
}
