package profile_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gristmill/dataset/profile"
	"gristmill/dataset/sample"
	"gristmill/ml/frame"
)

var (
	update = flag.Bool("update", false, "write the golden page")
	pages  = flag.String("pages", "", "directory to write the samples' pages to, to look at them")
)

// page renders a profile.
func page(t *testing.T, p profile.Profile, info profile.Info) string {
	t.Helper()
	var b bytes.Buffer
	must(t, profile.HTML(&b, p, info))
	return b.String()
}

func small(t *testing.T) profile.Profile {
	t.Helper()
	f := parse(t, "age,town,left\n31,Köln,no\n45,Bonn,no\n,Bonn,yes\n62,Köln,no\n18,,yes\n45,Bonn,no\n")
	return profile.New(f, profile.Options{Target: "left"})
}

func TestThePageIsGolden(t *testing.T) {
	t.Parallel()
	got := page(t, small(t), profile.Info{Name: "people.csv", Source: "upload:people.csv", Digest: strings.Repeat("ab", 32), Size: 95})
	const golden = "testdata/people.html"
	if *update {
		must(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if got != string(want) {
		t.Errorf("the page differs from %s; look at it, then run the test with -update", golden)
	}
}

// Nothing that data say becomes a part of the page's language, and the page
// asks for nothing.
func TestThePageEscapesEverything(t *testing.T) {
	t.Parallel()
	const evil = `"'><script>alert(1)</script><img src=x onerror=alert(1)>&</style>{{.}}`
	f := tableOf(t, words(evil, []string{evil, evil, "x"}), words("y"+evil, []string{evil, "a", "a"}), floats("z"+evil, []float64{1, 2, 3}))
	got := page(t, profile.New(f, profile.Options{Target: "y" + evil}), profile.Info{Name: evil, Source: evil, Digest: evil})
	for _, bad := range []string{"<script", "<img", "onerror=alert(1)>", "</style>{{"} {
		if strings.Contains(got, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	if strings.Count(got, "</style>") != 1 || strings.Count(got, "&lt;script&gt;") < 10 {
		t.Error("the names are not shown as they are")
	}
	for _, outside := range []string{"http:", "https:", "url(", "@import", "src=", "<link", "<iframe", "style="} {
		if outside == "http:" || outside == "https:" { // a value may hold an address, an attribute may not
			outside = `="` + outside
		}
		if outside == "src=" {
			outside = " src=\""
		}
		if strings.Contains(got, outside) {
			t.Errorf("the page holds %s", outside)
		}
	}
}

func TestThePageOfAWideTableIsBounded(t *testing.T) {
	t.Parallel()
	var cols []*frame.Column
	for j := range 10_000 {
		cols = append(cols, floats(fmt.Sprintf("column-%d", j), []float64{float64(j), 2, 3, 5}))
	}
	got := page(t, profile.New(tableOf(t, cols...), profile.Options{Target: "column-3"}), profile.Info{Name: "wide"})
	if len(got) > 3<<20 || !strings.Contains(got, "and 9000 more columns") || !strings.Contains(got, "column-999<") || strings.Contains(got, "column-1000<") {
		t.Errorf("a page of %d bytes", len(got))
	}
}

func TestThePageOfNothing(t *testing.T) {
	t.Parallel()
	for _, csv := range []string{"a,b\n", "a\n\"\"\n", "a\n1\n"} {
		got := page(t, profile.New(parse(t, csv), profile.Options{Target: "a"}), profile.Info{Name: "x"})
		if strings.Contains(got, "NaN") || !strings.Contains(got, "</html>") {
			t.Errorf("%q: %s", csv, got)
		}
	}
}

// Every path of every sample's page is finite and inside of its picture.
func TestThePicturesAreDrawn(t *testing.T) {
	t.Parallel()
	paths := regexp.MustCompile(` d="([^"]*)"`)
	for _, name := range sample.Names() {
		got := page(t, profile.New(read(t, name).Frame, profile.Options{Target: "Sale_Price"}), profile.Info{Name: name})
		if dir := *pages; dir != "" {
			must(t, os.WriteFile(filepath.Join(dir, name+".html"), []byte(got), 0o644))
		}
		found := paths.FindAllStringSubmatch(got, -1)
		for _, m := range found {
			if !regexp.MustCompile(`^(M[\d.]+ [\d.]+V[\d.]+H[\d.]+V[\d.]+z)+$`).MatchString(m[1]) {
				t.Fatalf("%s: path %.80s", name, m[1])
			}
		}
		if len(found) < 18 { // telco has nine columns of numbers, each drawn twice
			t.Errorf("%s: %d pictures", name, len(found))
		}
	}
}
