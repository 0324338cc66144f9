package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gristmill/ml/evaluate"
	"gristmill/ml/metric"
	"gristmill/registry"
	"gristmill/tracking"
)

// report is the artifact evaluation.json: what was measured of a candidate and
// how it was judged. Its zero value is that of a run that measured nothing.
type report struct {
	evaluate.Report
	Gates []registry.GateResult `json:"gates"`
	Folds []json.RawMessage     `json:"folds"`
}

// report reads what an evaluate step measured. A run without it, or with one
// that cannot be read, is shown without it.
func (s *server) report(r *http.Request, list []tracking.Artifact) (e report) {
	i := slices.IndexFunc(list, func(a tracking.Artifact) bool { return a.Path == "evaluation.json" && a.Size <= maxSmall })
	if i < 0 {
		return e
	}
	body, err := s.openArtifact(r, list[i])
	if err == nil {
		defer body.Close()
		var b []byte
		if b, err = readVerified(body, list[i].Digest); err == nil {
			err = json.Unmarshal(b, &e)
		}
	}
	if err != nil {
		s.Log.WarnContext(r.Context(), "evaluation not shown", "request_id", requestID(r), "run_id", list[i].RunID, "error", err)
		return report{}
	}
	return e
}

// registered are the report's metrics as the registry keeps them.
func (e report) registered() []registry.Metric {
	out := make([]registry.Metric, len(e.Metrics))
	for i, m := range e.Metrics {
		out[i] = registry.Metric(m)
	}
	return out
}

// scores are metrics with a column for each part of the data.
type scores struct {
	Part              string // the part with intervals and baseline: "test", else "val"
	Rows              []score
	Folds, Val, Train bool // there is something to show in these columns
}

// score is one metric; what was not measured is nil.
type score struct {
	Name           string // "roc_auc"
	Main           bool
	At, Val, Train *registry.Metric
	Fold           *registry.Metric // mean of a cross-validation
	Spread         *float64         // its standard deviation between folds
}

// newScores arranges what was measured. Metrics that are of no part are the
// rest.
func newScores(list []registry.Metric, main string) (t scores, rest []registry.Metric) {
	t.Part = "val"
	rows := map[string]*score{}
	var order []string
	for i := range list {
		m := &list[i]
		part, name, _ := strings.Cut(m.Name, "_")
		of, isSpread := strings.CutSuffix(name, "_std")
		if !slices.Contains([]string{"test", "val", "train", "cv"}, part) || name == "" {
			rest = append(rest, *m)
			continue
		}
		if isSpread && part == "cv" {
			name = of
		}
		row := rows[name]
		if row == nil {
			row = &score{Name: name, Main: name == main}
			rows[name], order = row, append(order, name)
		}
		switch {
		case part == "test":
			row.At, t.Part = m, "test"
		case part == "val":
			row.Val, t.Val = m, true
		case part == "train":
			row.Train, t.Train = m, true
		case isSpread:
			row.Spread = &m.Value
		default:
			row.Fold, t.Folds = m, true
		}
	}
	slices.SortStableFunc(order, func(a, b string) int {
		switch {
		case a == b || (a != main && b != main):
			return strings.Compare(a, b)
		case a == main:
			return -1
		}
		return 1
	})
	for _, name := range order {
		row := rows[name]
		if t.Part == "val" {
			row.At, row.Val = row.Val, nil
		}
		t.Rows = append(t.Rows, *row)
	}
	t.Val = t.Val && t.Part != "val"
	return t, rest
}

// measured says how many rows of each part the report is of.
func (e report) measured() string {
	var out []string
	for _, part := range sortedKeys(e.Rows) {
		out = append(out, fmt.Sprint(e.Rows[part])+" "+rowsOf(part))
	}
	if n := len(e.Folds); n > 0 {
		out = append(out, plural(n, "fold")+" of the training rows")
	}
	return strings.Join(out, ", ")
}

// rowsOf are the rows of a part of the data as people say them.
func rowsOf(part string) string {
	switch part {
	case "val":
		return "validation rows"
	case "train":
		return "training rows"
	case "folds":
		return "the rows that the folds held out"
	default:
		return part + " rows"
	}
}

// plotView is a plot as the page shows it.
type plotView struct {
	Title         string
	Address       string // of the picture; its numbers are at the same with .json
	Width, Height string // as the picture says, so that the page does not jump
}

// maxPlots bounds the pictures of a page.
const maxPlots = 24

func (s *server) plots(r *http.Request, run tracking.Run, e report, list []tracking.Artifact) []plotView {
	var out []plotView
	for _, p := range e.PlotList {
		i := slices.IndexFunc(list, func(a tracking.Artifact) bool { return a.Path == "plots/"+p.Name+".svg" })
		if i < 0 || len(out) == maxPlots {
			continue
		}
		v := plotView{Title: p.Title, Address: api + "/runs/" + url.PathEscape(run.ID) + "/artifacts/plots/" + escapePath(p.Name) + ".svg"}
		v.Width, v.Height = s.pictureSize(r, list[i])
		out = append(out, v)
	}
	return out
}

var pictureSides = regexp.MustCompile(`^<svg [^>]*? viewBox="0 0 ([0-9]{1,4})(?:\.[0-9]+)? ([0-9]{1,4})(?:\.[0-9]+)?"`)

// pictureSize reads the sides of a stored picture, those of most plots if it
// does not say.
func (s *server) pictureSize(r *http.Request, a tracking.Artifact) (width, height string) {
	const head = 8 << 10
	if f, err := s.openArtifact(r, a); err == nil {
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, head))
		if m := pictureSides.FindSubmatch(b); err == nil && m != nil {
			return string(m[1]), string(m[2])
		}
	}
	return "560", "340"
}

// sliceTable is how groups of rows fare.
type sliceTable struct {
	Main  string
	Names []string // of the other metrics
	Rows  []sliceRow
	More  int // groups that are not shown
}

type sliceRow struct {
	evaluate.Slice
	First bool // of its column
	Main  *evaluate.Metric
	Other []*evaluate.Metric
}

const maxSlices = 200

func newSlices(e report) *sliceTable {
	if len(e.Slices) == 0 {
		return nil
	}
	t := &sliceTable{Main: e.Main, More: max(0, len(e.Slices)-maxSlices)}
	for _, s := range e.Slices {
		for _, m := range s.Metrics {
			if m.Name != e.Main && !slices.Contains(t.Names, m.Name) && len(t.Names) < 3 {
				t.Names = append(t.Names, m.Name)
			}
		}
	}
	column := ""
	for _, s := range e.Slices[:min(len(e.Slices), maxSlices)] {
		find := func(name string) *evaluate.Metric {
			i := slices.IndexFunc(s.Metrics, func(m evaluate.Metric) bool { return m.Name == name })
			if i < 0 {
				return nil
			}
			return &s.Metrics[i]
		}
		row := sliceRow{Slice: s, First: s.Column != column, Main: find(e.Main)}
		for _, name := range t.Names {
			row.Other = append(row.Other, find(name))
		}
		t.Rows = append(t.Rows, row)
		column = s.Column
	}
	return t
}

// costRow is what one way to decide costs.
type costRow struct {
	What           string
	PerRow, Saving evaluate.Estimate
	Total          float64
	Floor          bool // of the baseline itself, which saves nothing against itself
}

func costRows(e report) []costRow {
	c := e.Cost
	if c == nil {
		return nil
	}
	rows := []costRow{{What: "the model as it is", PerRow: c.PerRow, Saving: c.Saving, Total: c.Total}}
	if b := c.Best; b != nil {
		what := "the class of the least expected cost"
		if b.Threshold != nil {
			what = fmt.Sprintf("the model, positive from %s on (chosen on %s)", number5(*b.Threshold), rowsOf(b.On))
		}
		rows = append(rows, costRow{What: what, PerRow: b.PerRow, Saving: b.Saving, Total: b.Total})
	}
	n := float64(c.Rows)
	return append(rows,
		costRow{What: "always " + c.Constant.Answer, PerRow: evaluate.Estimate{Value: c.Constant.PerRow}, Saving: evaluate.Estimate{Value: c.Baseline - c.Constant.PerRow}, Total: n * c.Constant.PerRow},
		costRow{What: "the baseline", PerRow: evaluate.Estimate{Value: c.Baseline}, Total: n * c.Baseline, Floor: true})
}

// decisions are the two thresholds that a report compares.
func decisions(e report) []metric.Decision {
	if e.Threshold == nil {
		return nil
	}
	return []metric.Decision{e.Threshold.Chosen, e.Threshold.Half}
}

// relied is a column with its importance as a bar, in thousandths of the
// greatest one.
type relied struct {
	evaluate.ColumnImportance
	Width int
}

// maxRelied is how many columns are listed by importance.
const maxRelied = 30

func importances(e report) (list []relied, more int) {
	if e.Importance == nil || len(e.Importance.Columns) == 0 {
		return nil, 0
	}
	columns := e.Importance.Columns
	for _, c := range columns[:min(maxRelied, len(columns))] {
		width := 0
		if most := columns[0].Drop; most > 0 && c.Drop > 0 {
			width = int(1000 * min(1, c.Drop/most))
		}
		list = append(list, relied{c, width})
	}
	return list, len(columns) - len(list)
}
