package web

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/tracking"
)

const browser = "Accept: text/html,application/xhtml+xml"

func TestPagesShowHostileTextAsText(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{InferenceURL: "http://127.0.0.1:8080", TemporalUI: "http://127.0.0.1:8233"})
	f := st.fill()
	v := must(st.deps.Datasets.Get(t.Context(), "default", f.dataset.Digest))(t)
	for _, path := range []string{"/", "/runs", "/experiments", "/runs/" + f.foreign.ID, "/runs/" + f.run.ID, "/models/churn/versions/2", "/datasets/" + string(v.Digest),
		"/runs?experiment=" + `%3Cscript%3Ealert(1)%3C/script%3E`, "/%3Cscript%3E", "/models/%3Cscript%3E"} {
		got := st.do(get, path, "", browser)
		if strings.Contains(strings.ToLower(got.body), "<script") {
			t.Errorf("%s brings a script into the page", path)
		}
		if got.header.Get("Content-Security-Policy") != policy || strings.Contains(policy, "script-src") || !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("%s: policy %q", path, got.header.Get("Content-Security-Policy"))
		}
		if strings.Contains(got.body, "style=") || strings.Contains(got.body, "<style") {
			t.Errorf("%s has a style that the policy forbids", path)
		}
		if strings.Contains(got.body, "ZgotmplZ") {
			t.Errorf("%s has a value that html/template refused", path)
		}
	}
	if body := st.do(get, "/runs/"+f.foreign.ID, "", browser).body; !strings.Contains(body, "&lt;script&gt;alert(") {
		t.Error("the run's name is not shown at all")
	}
}

// A profile's own page has its style inline and so a policy of its own.
func TestAProfilesPageShowsHostileTextAsText(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	got := st.do(get, "/api/v1/datasets/"+string(f.dataset.Digest)+"/profile.html", "")
	if strings.Contains(got.body, "<script") || !strings.Contains(got.body, "&lt;script&gt;alert(") {
		t.Error("a value is not shown as text")
	}
	if p := got.header.Get("Content-Security-Policy"); p != profilePolicy || strings.Contains(p, "script-src") || !strings.HasPrefix(p, "default-src 'none'") {
		t.Errorf("policy %q", p)
	}
	none := st.do(post, "/api/v1/datasets", "p,q\n", "Content-Type: text/csv")
	if none.status != 201 {
		t.Fatal(none.body)
	}
	if got := st.do(get, "/api/v1/datasets/"+string(gristmill.DigestOf([]byte("p,q\n")))+"/profile.html", ""); got.status != 404 || !strings.Contains(got.body, "has no profile yet") {
		t.Errorf("a dataset that nothing has read: %d %s", got.status, got.body)
	}
}

func TestOnlyWhatChangesRefreshes(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	for path, want := range map[string]bool{"/runs/" + f.running.ID: true, "/runs/" + f.run.ID: false, "/": true, "/models/churn": false} {
		if got := strings.Contains(st.do(get, path, "", browser).body, `<meta http-equiv="refresh" content="3">`); got != want {
			t.Errorf("%s refreshes: %v, want %v", path, got, want)
		}
	}
}

func TestPagesOfAnEmptyServerSayWhatToDo(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	for path, want := range map[string]string{
		"/": "gristmill train churn", "/runs": "gristmill train churn", "/models": "gristmill train churn",
		"/deployments": "gristmill train churn", "/pipelines": "gristmill pipeline apply -f my.yaml", "/datasets": "curl --data-binary @my.csv",
		"/runs?status=failed": "Clear the filter",
	} {
		if got := st.do(get, path, "", browser); got.status != 200 || !strings.Contains(got.body, want) {
			t.Errorf("%s: status %d without %q", path, got.status, want)
		}
	}
}

func TestErrorsArePagesForBrowsersOnly(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	got := st.do(get, "/runs/none", "", browser)
	if got.status != 404 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") || !strings.Contains(got.body, "there is no run &#34;none&#34;") || !strings.Contains(got.body, got.header.Get("X-Request-Id")) {
		t.Errorf("status %d, %s: %.200s", got.status, got.header.Get("Content-Type"), got.body)
	}
	for _, path := range []string{"/api/v1/runs/none", "/api/nothing"} {
		if got := st.do(get, path, "", browser); got.status != 404 || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: status %d, %s", path, got.status, got.header.Get("Content-Type"))
		}
	}
	if got := st.do(get, "/runs?page_token=zz", "", browser); got.status != 400 || !strings.Contains(got.body, "no page token") {
		t.Errorf("a bad page token: status %d", got.status)
	}
}

func TestListsGoOnOnTheNextPage(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	exp := must(st.deps.Runs.EnsureExperiment(t.Context(), "default", "many"))(t)
	began := time.Now().Add(-time.Hour)
	for i := range pageSize + 3 {
		must(st.deps.Runs.StartRun(t.Context(), tracking.NewRun{Key: string(rune('A' + i)), Experiment: exp.ID, StartedAt: began.Add(time.Duration(i) * time.Second)}))(t)
	}
	first := st.do(get, "/runs?experiment=many", "", browser).body
	next := regexp.MustCompile(`href="(/runs\?experiment=many&amp;page_token=[^"]+)"`).FindStringSubmatch(first)
	if next == nil || strings.Count(first, `data-label="Run"`) != pageSize {
		t.Fatalf("%d rows, next %v", strings.Count(first, `data-label="Run"`), next)
	}
	second := st.do(get, strings.ReplaceAll(next[1], "&amp;", "&"), "", browser).body
	if strings.Count(second, `data-label="Run"`) != 3 || !strings.Contains(second, "« First") || strings.Contains(second, "Next »") {
		t.Errorf("the second page has %d rows", strings.Count(second, `data-label="Run"`))
	}
}

func TestStyleIsSmallAndKeptByItsDigest(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	style := regexp.MustCompile(`/static/style-[0-9a-f]{12}\.css`).FindString(st.do(get, "/", "", browser).body)
	got := st.do(get, style, "")
	if got.status != 200 || len(got.body) > 12<<10 || got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
		t.Errorf("%s: status %d, %d bytes, %q", style, got.status, len(got.body), got.header.Get("Cache-Control"))
	}
}

func TestTextIsReadableOnEveryGround(t *testing.T) {
	t.Parallel()
	css := string(mustRead("page/style.css"))
	colours := map[string][2]string{}
	for _, m := range regexp.MustCompile(`--([a-z]+):light-dark\((#[0-9a-f]+),(#[0-9a-f]+)\)`).FindAllStringSubmatch(css, -1) {
		colours[m[1]] = [2]string{m[2], m[3]}
	}
	for _, ground := range []string{"bg", "card", "sunk"} {
		for _, text := range []string{"text", "soft", "dim", "accent", "ok", "run", "fail", "warn", "off"} {
			for mode := range 2 {
				if c := contrast(t, colours[text][mode], colours[ground][mode]); c < 4.5 {
					t.Errorf("%s on %s: contrast %.2f", colours[text][mode], colours[ground][mode], c)
				}
			}
		}
	}
}

// contrast is the ratio of WCAG 2.2 (1.4.3).
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(t *testing.T, hex string) (l float64) {
	t.Helper()
	hex = strings.TrimPrefix(hex, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	if len(hex) != 6 {
		t.Fatalf("%q is no colour", hex)
	}
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(strings.IndexByte("0123456789abcdef", hex[2*i])*16+strings.IndexByte("0123456789abcdef", hex[2*i+1])) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}
