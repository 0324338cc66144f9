package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gristmill/pipeline"
)

// orders writes a small table and returns its text.
func orders(t *testing.T, file string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("id,size,town,late\n")
	for i := range 60 {
		fmt.Fprintf(&b, "%d,%d,%s,%s\n", i, (i*37)%23, []string{"Ames", "Boone", "Nevada"}[i%3], []string{"yes", "no", "no", "no"}[i%4])
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestInitWritesASpecThatChecks(t *testing.T) {
	t.Chdir(t.TempDir())
	orders(t, "orders 2024.csv")
	if status, out, errOut := command(t, "pipeline", "init", "orders 2024.csv"); status != 0 || !strings.Contains(out, "late") || !strings.Contains(out, "perhaps: the last column; 2 different values: classes") {
		t.Fatalf("without a target: status %d, %s%s", status, out, errOut)
	}
	status, out, errOut := command(t, "pipeline", "init", "orders 2024.csv", "--target", "late")
	if status != 0 || !strings.Contains(out, "gristmill train --file orders_2024.yaml") || !strings.Contains(out, "id is left out") {
		t.Fatalf("status %d, %s%s", status, out, errOut)
	}
	before, err := os.ReadFile("orders_2024.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if status, out, errOut = command(t, "pipeline", "check", "-f", "orders_2024.yaml"); status != 0 || !strings.Contains(out, "town") {
		t.Fatalf("check: status %d, %s%s", status, out, errOut)
	}
	if status, _, errOut = command(t, "pipeline", "init", "orders 2024.csv", "--target", "size", "--name", "orders_2024"); status != 2 || !strings.Contains(errOut, "orders_2024.yaml is there already") {
		t.Errorf("over a file: status %d, %s", status, errOut)
	}
	if after, _ := os.ReadFile("orders_2024.yaml"); string(after) != string(before) {
		t.Error("the file was written over")
	}
	if status, _, errOut = command(t, "pipeline", "init", "orders 2024.csv", "--target", "size", "--name", "orders_2024", "--force"); status != 0 {
		t.Errorf("--force: status %d, %s", status, errOut)
	}
	if status, _, errOut = command(t, "pipeline", "init", "orders 2024.csv", "--target", "latte", "--name", "other"); status != 2 || !strings.Contains(errOut, `did you mean "late"?`) {
		t.Errorf("misspelt: status %d, %s", status, errOut)
	}
	if left, _ := filepath.Glob("*"); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

func TestInitNamesTheTableAsTheSpecSeesIt(t *testing.T) {
	t.Chdir(t.TempDir())
	orders(t, "orders.csv")
	if err := os.Mkdir("specs", 0o755); err != nil {
		t.Fatal(err)
	}
	status, out, errOut := command(t, "pipeline", "init", "orders.csv", "--target", "late", "-o", "specs/late.yaml", "--json")
	if status != 0 {
		t.Fatalf("status %d, %s", status, errOut)
	}
	var got initialized
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	spec, err := pipeline.Parse([]byte(got.Spec))
	if err != nil || spec.Data.Source.String() != "../orders.csv" || got.File != "specs/late.yaml" || got.Name != "orders" {
		t.Errorf("%+v, %v", got, err)
	}
	if status, out, errOut = command(t, "pipeline", "check", "-f", "specs/late.yaml"); status != 0 {
		t.Errorf("check: status %d, %s%s", status, out, errOut)
	}
	if status, out, errOut = command(t, "pipeline", "init", "orders.csv", "--target", "late", "-o", "-"); status != 0 || !strings.HasPrefix(out, "# A first spec for orders.csv") {
		t.Errorf("to stdout: status %d, %s%s", status, out, errOut)
	}
}

func TestInitReadsTheWebWithinItsReach(t *testing.T) {
	t.Chdir(t.TempDir())
	text := orders(t, "orders.csv")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }))
	defer srv.Close()
	if status, _, errOut := command(t, "pipeline", "init", srv.URL+"/orders.csv", "--target", "late", "-o", "-"); status == 0 || errOut == "" {
		t.Errorf("a loopback address was read: status %d, %s", status, errOut)
	}
	t.Setenv("GRISTMILL_ALLOW_URL", srv.URL)
	status, out, errOut := command(t, "pipeline", "init", srv.URL+"/orders.csv", "--target", "late", "-o", "-")
	if status != 0 || !strings.Contains(out, "source: \""+srv.URL+"/orders.csv\"") || !strings.Contains(out, "name: orders") {
		t.Errorf("status %d, %s%s", status, out, errOut)
	}
	if status, _, errOut := command(t, "pipeline", "init", "s3://bucket/orders.csv", "--target", "late", "-o", "-"); status != 2 || !strings.Contains(errOut, "cannot be read from here") {
		t.Errorf("s3: status %d, %s", status, errOut)
	}
}

func TestSchemaIsPrinted(t *testing.T) {
	status, out, errOut := command(t, "pipeline", "schema")
	var s struct {
		Schema string `json:"$schema"`
	}
	if err := json.Unmarshal([]byte(out), &s); status != 0 || err != nil || s.Schema == "" {
		t.Errorf("status %d, %v, %s", status, err, errOut)
	}
}
