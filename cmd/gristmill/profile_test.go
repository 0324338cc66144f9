package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestAFileIsProfiledWithoutAServer(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("people.csv", []byte("age;town\n1,5;<b>\x1b[2J\n2,5;Bonn\n;Bonn\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	european := []string{"--separator", ";", "--decimal", ","}
	status, out, errOut := command(t, append([]string{"dataset", "profile", "people.csv"}, european...)...)
	if status != exitOK || !strings.HasPrefix(out, "3 rows, 2 columns, 0 duplicate rows\n") || !strings.Contains(out, "Bonn (67 %)") || strings.Contains(out, "\x1b") {
		t.Errorf("%d %s%s", status, out, errOut)
	}
	status, out, errOut = command(t, append([]string{"dataset", "profile", "people.csv", "--json", "--target", "age"}, european...)...)
	var p struct {
		Rows    int
		Target  string
		Columns []struct{ Mean float64 }
	}
	if err := json.Unmarshal([]byte(out), &p); err != nil || status != exitOK || p.Rows != 3 || p.Target != "age" || p.Columns[0].Mean != 2 {
		t.Errorf("%d %s%s", status, out, errOut)
	}
	status, out, errOut = command(t, append([]string{"dataset", "profile", "people.csv", "--html"}, european...)...)
	page, err := os.ReadFile("people.csv.profile.html")
	if status != exitOK || err != nil || out != "wrote people.csv.profile.html: 3 rows, 2 columns, 0 alerts\n" {
		t.Errorf("%d %s%s%v", status, out, errOut, err)
	}
	if !strings.Contains(string(page), "&lt;b&gt;") || strings.Contains(string(page), "<b>") {
		t.Error("the page does not show the value as text")
	}
	status, out, _ = command(t, "dataset", "profile", "sample:telco_churn", "--html", "-o", "-")
	if status != exitOK || !strings.HasPrefix(out, "<!doctype html>") {
		t.Errorf("%d %.100s", status, out)
	}
	status, out, _ = command(t, append([]string{"dataset", "preview", "people.csv", "-n", "1", "--json"}, european...)...)
	if status != exitOK || !strings.Contains(out, `"age": "1.5"`) || strings.Contains(out, "Bonn") {
		t.Errorf("%d %s", status, out)
	}
}

func TestDatasetCommandsRefuseInOneLine(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.csv", []byte("x,y\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("empty.csv", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"profile", "none.csv"}, "gristmill: data.source: open none.csv: no such file or directory\n"},
		{[]string{"profile", "https://example.org/a.csv"}, `gristmill: "https://example.org/a.csv": expected the digest of a stored dataset, a file or sample:NAME` + "\n"},
		{[]string{"profile", "a.csv", "-o", "x.html"}, "gristmill: --output is for --html; the table and --json go to stdout\n"},
		{[]string{"profile", "a.csv", "--html", "-o", "no/x.html"}, "gristmill: --output: open no/"},
		{[]string{"profile", "a.csv", "--target", "z"}, "data.target: the table has no column \"z\""},
		{[]string{"preview", "a.csv", "-n", "0"}, "gristmill: --rows: 0; expected 1 to 1000\n"},
		{[]string{"add", "empty.csv"}, "gristmill: empty.csv is empty\n"},
		{[]string{"add", "."}, "gristmill: . is not a regular file\n"},
	} {
		status, out, errOut := command(t, append([]string{"dataset"}, c.args...)...)
		if status != exitUsage || out != "" || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: %d %s%s; want %s", c.args, status, out, errOut, c.want)
		}
	}
}
