package inference_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"gristmill/web/inference"
)

var update = flag.Bool("update", false, "write the golden answers anew")

// badCase is a section of testdata/bad_bodies.txt.
type badCase struct {
	name, method, path, body, answer string
	request                          string // its line as it stands
	headers                          []string
}

func badCases(t testing.TB) (intro string, list []badCase) {
	text, err := os.ReadFile("testdata/bad_bodies.txt")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "\n### ")
	for _, part := range parts[1:] {
		var c badCase
		var rest string
		c.name, rest, _ = strings.Cut(part, "\n")
		c.request, rest, _ = strings.Cut(rest, "\n")
		fields := strings.Split(c.request, " | ")
		c.method, c.path, _ = strings.Cut(fields[0], " ")
		for _, f := range fields[1:] {
			key, value, _ := strings.Cut(f, ": ")
			c.headers = append(c.headers, key, value)
		}
		c.body, c.answer, _ = strings.Cut("\n"+rest, "\n=>")
		c.body = strings.TrimPrefix(c.body, "\n")
		c.answer = strings.TrimSpace(c.answer)
		list = append(list, c)
	}
	return parts[0] + "\n", list
}

func TestBadBodies(t *testing.T) {
	h := both(t)
	intro, list := badCases(t)
	var out bytes.Buffer
	out.WriteString(intro)
	for i, c := range list {
		w := ask(h, c.method, c.path, c.body, c.headers...)
		got := fmt.Sprintf("%d %s", w.Code, strings.TrimSpace(w.Body.String()))
		if i > 0 {
			out.WriteByte('\n')
		}
		body := c.body
		if body != "" {
			body += "\n"
		}
		fmt.Fprintf(&out, "### %s\n%s\n%s=> %s\n", c.name, c.request, body, got)
		if got != c.answer && !*update {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.answer)
		}
		if w.Code < 400 || w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
	}
	if *update {
		if err := os.WriteFile("testdata/bad_bodies.txt", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAtMostTwentyProblemsAreNamed(t *testing.T) {
	h := both(t)
	for _, c := range []struct{ path, body string }{
		{"/models/price/invocations", `{"instances":[` + strings.Repeat(`["x",null],`, 50) + `[1,1]]}`},
		{"/models/price/invocations", `{"dataframe_records":[` + strings.Repeat(`{},7,`, 50) + `{"a":1,"Lot Area":1}]}`},
	} {
		var got struct {
			Message string
			Errors  []json.RawMessage
		}
		w := ask(h, "POST", c.path, c.body)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if w.Code != 400 || len(got.Errors) != 20 || !strings.HasPrefix(got.Message, "the first 20 of ") {
			t.Errorf("%d, %d errors, %.80s", w.Code, len(got.Errors), got.Message)
		}
	}
	w := ask(h, "POST", "/models/price/invocations", "a,Lot Area\n"+strings.Repeat("x,y\n", 40), "Content-Type", "text/csv")
	if !strings.Contains(w.Body.String(), "the first 20 of 80 problems") {
		t.Errorf("csv: %.200s", w.Body)
	}
}

func TestABodyBeyondTheLimitIsRefused(t *testing.T) {
	p := newPlatform()
	p.deploy("price", 1, price())
	_, h := serve(t, p, inference.Config{MaxBody: 1 << 10})
	long := `{"instances":[[1,1` + strings.Repeat(" ", 2000) + `]]}`
	for name, w := range map[string]int{
		"announced":   ask(h, "POST", "/models/price/invocations", long).Code,
		"unannounced": askChunked(h, long).Code,
		"gzip bomb":   ask(h, "POST", "/models/price/invocations", zip(t, long), "Content-Encoding", "gzip").Code,
	} {
		if w != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d", name, w)
		}
	}
	// Damaged gzip: a good beginning, then nothing; and a changed byte.
	z := zip(t, `{"instances":[[1,1],[2,2],[3,4]]}`)
	for _, body := range []string{z[:len(z)-6], z[:20] + "xyz" + z[23:], z + "garbage"} {
		w := ask(h, "POST", "/models/price/invocations", body, "Content-Encoding", "gzip")
		if w.Code != 400 {
			t.Errorf("damaged gzip: %d %s", w.Code, w.Body)
		}
	}
	w := ask(h, "POST", "/models/price/invocations", "{\"instances\":[[\"\xff\"]]}")
	if w.Code != 400 || !strings.Contains(w.Body.String(), "the body is not UTF-8 from byte 17 on") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
