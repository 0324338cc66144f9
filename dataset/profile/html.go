package profile

import (
	_ "embed" // the page's template
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
)

//go:embed page.html
var pageText string

// Info says what table a page is about.
type Info struct {
	Name   string // a heading
	Source string // its address; "" is left out
	Digest string // of its bytes; "" is left out
	Size   int64  // in bytes; 0 is left out
}

// What a page shows of a very wide table; the profile itself has all of it.
const (
	maxListed  = 1000 // columns in the list
	maxCards   = 200  // columns one by one
	maxAlerts  = 100
	maxRelated = 20
	maxHeads   = 40 // columns of the sample rows
)

// sheet is what the template shows.
type sheet struct {
	Info
	Profile
	Listed, Cards []Column
	MoreColumns   int // beyond Listed
	MoreCards     int
	Shown         []Alert
	MoreAlerts    int
	Related       []Column // that go with the target, the closest first
	Heads         []string // of the sample rows
	MoreHeads     int
}

// HTML writes the profile as one page that needs nothing else: no script, no
// other file, pictures drawn inline, light or dark as the reader's system is.
// Every name and value is escaped. Of a table of thousands of columns it shows
// the first. The same profile gives the same bytes.
func HTML(w io.Writer, p Profile, info Info) error {
	t, err := template.New("profile").Funcs(template.FuncMap{
		"percent": Percent,
		"count":   func(n int) string { return grouped(strconv.Itoa(n)) },
		"bytes":   byteSize,
		"share": func(part, whole int, width float64) string {
			return short(float64(part) / float64(max(1, whole)) * width)
		},
		"size":   func(v, width float64) string { return short(math.Abs(v) * width) },
		"signed": func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) },
		"one":    func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) },
		"add":    func(a, b int) int { return a + b },
		"measure": func(m string) string {
			return map[string]string{Pearson: "Correlation", Eta: "Correlation ratio", CramersV: "Cramér’s V"}[m]
		},
		"short": func(s string) string { return s[:min(12, len(s))] },
	}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("parse profile page: %w", err)
	}
	s := sheet{Info: info, Profile: p, Listed: p.Columns, Cards: p.Columns, Shown: p.Alerts}
	s.Listed, s.MoreColumns = head(s.Listed, maxListed)
	s.Cards, s.MoreCards = head(s.Cards, maxCards)
	s.Shown, s.MoreAlerts = head(s.Shown, maxAlerts)
	for _, c := range p.Columns {
		if c.Target != nil && c.Target.Value != 0 {
			s.Related = append(s.Related, c)
		}
		s.Heads = append(s.Heads, c.Name)
	}
	slices.SortStableFunc(s.Related, func(a, b Column) int {
		switch x, y := math.Abs(a.Target.Value), math.Abs(b.Target.Value); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	s.Related, _ = head(s.Related, maxRelated)
	s.Heads, s.MoreHeads = head(s.Heads, maxHeads)
	s.Sample = nil
	for _, r := range p.Sample {
		r.Cells = r.Cells[:min(len(r.Cells), len(s.Heads))]
		s.Sample = append(s.Sample, r)
	}
	if err := t.Execute(w, s); err != nil {
		return fmt.Errorf("write profile page: %w", err)
	}
	return nil
}

// head returns the first of a list, and how many there are more.
func head[T any](list []T, most int) ([]T, int) {
	return list[:min(most, len(list))], max(0, len(list)-most)
}

func byteSize(n int64) string {
	v := float64(n)
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if v < 1024 {
			return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) + " " + unit
		}
		v /= 1024
	}
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) + " TiB"
}
