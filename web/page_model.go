package web

import (
	"encoding/json"
	"html/template"
	"math"
	"net/http"
	"strings"

	"gristmill/ml/frame"
	"gristmill/registry"
	"gristmill/serving"
)

func (s *server) modelsPage(w http.ResponseWriter, r *http.Request) error {
	list, next, err := s.Versions.ListModels(r.Context(), s.cfg.Project, listPage(r))
	if err != nil {
		return err
	}
	return s.pages.show(w, http.StatusOK, "models", view{Title: "Models", Nav: "models", Data: struct {
		Models []registry.Model
		Pager  pager
	}{list, newPager(r, next)}})
}

func (s *server) modelPage(w http.ResponseWriter, r *http.Request) error {
	m, err := s.Versions.Model(r.Context(), s.cfg.Project, r.PathValue("name"))
	if err != nil {
		return err
	}
	versions, next, err := s.Versions.ListVersions(r.Context(), s.cfg.Project, m.Name, listPage(r))
	if err != nil {
		return err
	}
	d, err := s.deployed(r.Context(), m.Name)
	if err != nil {
		return err
	}
	return s.pages.show(w, http.StatusOK, "model", view{Title: m.Name, Nav: "models",
		Refresh: refreshWhile(d != nil && d.State == serving.Rolling), Data: struct {
			Model      registry.Model
			Versions   []versionRow
			Columns    []string
			Deployment *serving.Deployment
			Pager      pager
		}{m, versionRows(versions), headline(versions), d, newPager(r, next)}})
}

// versionRow is a version with the metrics of the list's columns.
type versionRow struct {
	registry.Version
	Shown []*registry.Metric
}

// maxColumns bounds the metrics that the list of versions shows.
const maxColumns = 4

// headline chooses the metrics that the list shows: the first test metrics of
// the newest version.
func headline(list []registry.Version) []string {
	var names []string
	if len(list) > 0 {
		for _, m := range list[0].Metrics {
			if strings.HasPrefix(m.Name, "test_") && len(names) < maxColumns {
				names = append(names, m.Name)
			}
		}
	}
	return names
}

func versionRows(list []registry.Version) []versionRow {
	names := headline(list)
	rows := make([]versionRow, len(list))
	for i, v := range list {
		rows[i] = versionRow{Version: v, Shown: make([]*registry.Metric, len(names))}
		for j, name := range names {
			for k := range v.Metrics {
				if v.Metrics[k].Name == name {
					rows[i].Shown[j] = &v.Metrics[k]
				}
			}
		}
	}
	return rows
}

func (s *server) versionPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.findVersion(r)
	if err != nil {
		return err
	}
	d, err := s.deployed(r.Context(), v.Model)
	if err != nil {
		return err
	}
	data := struct {
		Version  registry.Version
		Serving  bool
		Deployed *serving.Deployment
		Card     template.HTML
		CardPage bool // the card is there as a page too
		Curl     string
		Scores   scores
		Measures []registry.Metric // of no part of the data
	}{Version: v, Deployed: d, Serving: d != nil && d.Version == v.Number, Card: markdown(v.Card)}
	data.Scores, data.Measures = newScores(v.Metrics, mainOf(v.Metrics))
	card, err := s.cardOf(r.Context(), v)
	if err != nil {
		return err
	}
	data.CardPage = card != nil
	if s.cfg.InferenceURL != "" {
		data.Curl = curl(s.cfg.InferenceURL, v)
	}
	return s.pages.show(w, http.StatusOK, "version", view{Title: v.Model + " version " + number5(float64(v.Number)), Nav: "models", Data: data})
}

// mainOf is the metric by which a version is judged first, without its part.
func mainOf(list []registry.Metric) string {
	for _, name := range chief {
		for _, m := range list {
			if m.Name == name {
				return strings.TrimPrefix(name, "test_")
			}
		}
	}
	return ""
}

// curl is a command that asks the model for one prediction, with values that
// its signature allows.
func curl(base string, v registry.Version) string {
	row := make(map[string]any, len(v.Signature.Inputs.Fields))
	for _, f := range v.Signature.Inputs.Fields {
		row[f.Name] = sampleOf(f)
	}
	b, err := json.Marshal(map[string]any{"dataframe_records": []any{row}})
	if err != nil { // a bound that JSON has no number for
		return ""
	}
	return "curl -s " + quote(strings.TrimRight(base, "/")+"/models/"+escapePath(v.Model)+"/invocations") +
		" \\\n  -H 'Content-Type: application/json' \\\n  -d " + quote(string(b))
}

// sampleOf is a value that a column allows.
func sampleOf(f frame.Field) any {
	switch {
	case len(f.Values) > 0:
		return f.Values[0]
	case f.Type == frame.Bool:
		return false
	case f.Type == frame.String:
		return "text"
	case f.Min != nil && f.Type == frame.Int64:
		return math.Ceil(*f.Min)
	case f.Min != nil:
		return *f.Min
	case f.Max != nil:
		return min(0, *f.Max)
	default:
		return 0
	}
}

// quote makes text one word of a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
