package plot_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gristmill/ml/plot"
)

var update = flag.Bool("update", false, "write the golden pictures anew; look at them before you commit them")

func Example() {
	svg := plot.Chart{
		Title:  "Loss",
		X:      plot.Axis{Label: "iteration"},
		Series: []plot.Series{{X: []float64{1, 2, 3}, Y: []float64{0.9, 0.4, 0.3}}},
	}.SVG()
	from, to := bytes.Index(svg, []byte("<desc>")), bytes.Index(svg, []byte("</desc>"))
	fmt.Println(string(svg[from+len("<desc>") : to]))
	// Output: Chart of values over iteration. values: 3 points between 0.3 and 0.9.
}

// TestGoldenPictures holds some pictures byte by byte; they were looked at in
// Chromium, light and dark.
func TestGoldenPictures(t *testing.T) {
	t.Parallel()
	all, again := pictures(), pictures()
	for _, name := range []string{"roc", "calibration", "confusion5", "scores", "importance", "slices", "folds", "time"} {
		path := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(path, all[name], 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(all[name], want) {
			t.Errorf("%s differs from %s (go test ./ml/plot -update, then look at it)", name, path)
		}
	}
	for name := range all {
		if !bytes.Equal(all[name], again[name]) {
			t.Errorf("%s: the same numbers give other bytes", name)
		}
		sound(t, name, all[name])
	}
}

// sound demands what every picture has to be.
func sound(t *testing.T, name string, svg []byte) {
	t.Helper()
	if len(svg) >= 60<<10 {
		t.Errorf("%s: %d bytes, at most 60 KiB are allowed", name, len(svg))
	}
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s is no XML: %v", name, err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if e.Name.Local == "script" {
			t.Errorf("%s has a script", name)
		}
		for _, a := range e.Attr {
			if a.Name.Local == "id" || strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
				t.Errorf("%s has the attribute %s=%q", name, a.Name.Local, a.Value)
			}
			if a.Name.Local != "aria-label" && (strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf")) {
				t.Errorf("%s: %s=%q is no place", name, a.Name.Local, a.Value)
			}
		}
	}
	for _, part := range []string{`role="img"`, "<title>", "<desc>", "prefers-color-scheme:dark"} {
		if !bytes.Contains(svg, []byte(part)) {
			t.Errorf("%s has no %s", name, part)
		}
	}
}

func TestNothingPanicsOnBadNumbers(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	lists := map[string][]float64{
		"none": nil, "one": {1}, "zero": {0}, "constant": {5, 5, 5}, "NaN": {nan, nan}, "Inf": {inf, -inf, 1},
		"gap": {1, nan, 2, inf, 3}, "huge": {-math.MaxFloat64, math.MaxFloat64}, "tiny": {5e-324, 1e-320}, "close": {1, math.Nextafter(1, 2)},
		"negative": {-3, -2, -1}, "large step": {1e15, 1e15 + 1},
	}
	axes := map[string]plot.Axis{"linear": {}, "log": {Log: true}, "time": {Time: true}, "percent": {Percent: true}, "both": {Log: true, Time: true},
		"fixed": {Min: new(3.0), Max: new(-3.0)}, "bad": {Min: &nan, Max: &inf}}
	for xn, x := range lists {
		for yn, y := range lists {
			for an, axis := range axes {
				for kind := plot.Line; kind <= plot.Bars; kind++ {
					name := fmt.Sprint(xn, "/", yn, "/", an, "/", kind)
					c := plot.Chart{Title: name, X: axis, Y: axis, Series: []plot.Series{{Kind: kind, X: x, Y: y, Low: y, High: x}},
						Marks: []plot.Mark{{Kind: plot.Diagonal, Name: "d"}, {Kind: plot.Horizontal, At: nan, Name: "h"}, {Kind: plot.Vertical, At: inf, Name: "v"}}}
					sound(t, name, c.SVG())
				}
			}
			var bars []plot.Bar
			for i := range min(len(x), len(y)) {
				bars = append(bars, plot.Bar{Name: "b", Value: x[i], Low: y[i], High: x[i]})
			}
			sound(t, xn, plot.Importances(xn, "", bars))
			sound(t, xn, plot.Slices(xn, "m", nan, bars))
			sound(t, xn, plot.Folds(xn, "m", x))
			sound(t, xn, plot.Predicted(xn, "y", x, y))
			sound(t, xn, plot.QQ(xn, x, y))
			sound(t, xn, plot.Scores(xn, plot.Group{Name: "a", Values: x}, plot.Group{Values: y}))
			sound(t, xn, plot.HeatMap{Rows: []string{"a", "b"}, Columns: []string{"c"}, Values: [][]float64{x, y}}.SVG())
		}
	}
	sound(t, "short matrix", plot.Confusion("m", []string{"a", "b"}, [][]int{{1}}))
	sound(t, "no matrix", plot.Confusion("m", nil, nil))
	sound(t, "no bins", plot.Calibration("m", nil))
	sound(t, "no threshold", plot.Thresholds("m", nan))
}

func TestMillionPointsAreThinned(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	const n = 1000000
	x, y, e := make([]float64, n), make([]float64, n), make([]float64, n+1)
	for i := range x {
		x[i], y[i], e[i] = float64(i), rng.NormFloat64(), float64(i)
	}
	y[777777] = 40 // a peak that must not be lost
	e[n] = n
	for kind := plot.Line; kind <= plot.Bars; kind++ {
		s := plot.Series{Kind: kind, X: x, Y: y, Low: y, High: y}
		if kind == plot.Bars {
			s.X = e
		}
		sound(t, fmt.Sprint("kind ", kind), plot.Chart{Title: "a million", Series: []plot.Series{s}}.SVG())
	}
	sound(t, "residuals", plot.Residuals("r", "y", x, y))
	gaps := make([]float64, n)
	for i := range gaps {
		gaps[i] = y[i]
		if i%3 == 2 {
			gaps[i] = math.NaN()
		}
	}
	sound(t, "gaps", plot.Chart{Series: []plot.Series{{X: x, Y: gaps}}}.SVG())
	line := plot.Chart{Height: 340, Series: []plot.Series{{X: x, Y: y}}}.SVG()
	if !bytes.Contains(line, []byte("and 40.")) {
		t.Error("the description does not tell the peak")
	}
}

func TestManyOfEverythingStaysSmall(t *testing.T) {
	t.Parallel()
	x := make([]float64, 100000)
	for i := range x {
		x[i] = math.Sin(float64(i) * 1.7)
	}
	var c plot.Chart
	var bars []plot.Bar
	var names []string
	var values [][]float64
	for i := range 500 {
		name := strings.Repeat("Wm&", 40) + fmt.Sprint(i)
		if i < 40 {
			c.Series = append(c.Series, plot.Series{Name: name, X: x, Y: x, Low: x, High: x}, plot.Series{Kind: plot.Dots, X: x, Y: x})
		}
		bars = append(bars, plot.Bar{Name: name, Value: float64(i), Low: 1, High: 2, Note: name})
		names = append(names, name)
		values = append(values, x[:500])
	}
	c.Title = strings.Repeat("title ", 100000)
	sound(t, "series", c.SVG())
	sound(t, "bars", plot.BarChart{Title: c.Title, Bars: bars}.SVG())
	sound(t, "cells", plot.HeatMap{Title: c.Title, Rows: names, Columns: names, Values: values}.SVG())
}

func TestTextCannotLeaveItsPlace(t *testing.T) {
	t.Parallel()
	evil := "</title><script>alert(1)</script>\"'&\x00\x1f\xff\n\uFFFE"
	svg := plot.Chart{Title: evil, About: evil, X: plot.Axis{Label: evil}, Y: plot.Axis{Label: evil},
		Series: []plot.Series{{Name: evil, X: []float64{1, 2}, Y: []float64{1, 2}}}, Marks: []plot.Mark{{Name: evil}}}.SVG()
	sound(t, "chart", svg)
	sound(t, "bars", plot.Importances(evil, evil, []plot.Bar{{Name: evil, Note: evil, Value: 1}}))
	sound(t, "heat", plot.Confusion(evil, []string{evil, evil}, [][]int{{1, 2}, {3, 4}}))
}

func TestNumbersAreShort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {1, "1"}, {-1.5, "-1.5"}, {0.123456, "0.1235"}, {1234.5, "1234"}, {9999, "9999"}, {9999.9, "10k"}, {12345, "12.3k"}, {999600, "1M"},
		{1.5e9, "1.5G"}, {2e13, "20T"}, {2e15, "2e15"}, {1e-5, "1e-5"}, {-1.234e-7, "-1.23e-7"}, {math.NaN(), "n/a"}, {math.Inf(-1), "-∞"}, {0.99999, "1"},
		{100, "100"}, {5e-324, "4.94e-324"},
	} {
		if got := plot.Number(c.v); got != c.want {
			t.Errorf("Number(%v) = %q, want %q", c.v, got, c.want)
		}
	}
}

func TestLongNamesKeepBothEnds(t *testing.T) {
	t.Parallel()
	got := plot.Short("the first words of a long name, and its last", 120, 11)
	if !strings.HasPrefix(got, "the fi") || !strings.HasSuffix(got, "ast") || !strings.Contains(got, "…") {
		t.Errorf("Short = %q", got)
	}
	for _, w := range []float64{-1, 0, 5, 1e9} {
		plot.Short("äöü", w, 11)
		plot.Short("", w, 11)
	}
	if got := plot.Short("age", 100, 11); got != "age" {
		t.Errorf("Short cut %q", got)
	}
}

// TestInkIsLegible recomputes contrast (WCAG 2): text 4.5, lines 3.
func TestInkIsLegible(t *testing.T) {
	t.Parallel()
	svg := string(pictures()["many"])
	for _, class := range []string{"ink", "soft", "dim", "l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7"} {
		light, dark := colours(t, svg, class)
		for _, c := range []struct{ ink, ground string }{{light, "#ffffff"}, {dark, "#12171f"}} {
			if got := contrast(c.ink, c.ground); got < 4.5 {
				t.Errorf("%s: %s on %s has contrast %.2f", class, c.ink, c.ground, got)
			}
		}
	}
}

// colours finds the attribute and the dark style of a class.
func colours(t *testing.T, svg, class string) (light, dark string) {
	t.Helper()
	_, after, ok := strings.Cut(svg, `class="`+class+`"`)
	_, dark, ok2 := strings.Cut(svg, ".gm-plot ."+class+"{")
	at := strings.Index(after, `"#`)
	sharp := strings.Index(dark, "#")
	if !ok || !ok2 || at < 0 || sharp < 0 {
		t.Fatalf("class %s has no colour", class)
	}
	return after[at+1 : at+8], dark[sharp : sharp+7]
}

func contrast(a, b string) float64 {
	light := func(c string) float64 {
		var n [3]int
		fmt.Sscanf(c, "#%02x%02x%02x", &n[0], &n[1], &n[2])
		sum := 0.0
		for i, w := range []float64{0.2126, 0.7152, 0.0722} {
			v := float64(n[i]) / 255
			if v <= 0.03928 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			sum += w * v
		}
		return sum
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
