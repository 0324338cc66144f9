//go:build bench

package data

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// contenders by what they read; ours come first, all else is compared with
// them.
var contenders = map[string][]string{
	"csv":     {"csv/ours", "csv/pandas", "csv/pandas, times parsed", "csv/pandas, engine pyarrow", "csv/pyarrow", "csv/DuckDB"},
	"parquet": {"parquet/ours", "parquet/pandas", "parquet/pyarrow", "parquet/DuckDB"},
	"profile": {"profile/ours"},
}

// TestMain lets the test binary be a contender too.
func TestMain(m *testing.M) {
	what := os.Getenv("GRISTMILL_BENCH_AS")
	if what == "" {
		os.Exit(m.Run())
	}
	if err := runOurs(os.Stdout, what, os.Getenv("GRISTMILL_BENCH_FILE"), 1_000_000); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestPeers runs all contenders and prints how they compare. What it judges is
// that they read the same, and that a profile takes less than ten seconds; the
// rest is for people to read, since a machine is never quiet enough for a gate.
func TestPeers(t *testing.T) {
	b := bench{python: os.Getenv("GRISTMILL_PYTHON"), rows: number(t, "GRISTMILL_BENCH_ROWS", 2_000_000), rounds: number(t, "GRISTMILL_BENCH_ROUNDS", 5)}
	if b.python == "" {
		t.Fatal("GRISTMILL_PYTHON names no interpreter that has test/bench/requirements.txt; use `make bench-data`")
	}
	dir := os.Getenv("GRISTMILL_BENCH_DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	b.csv = filepath.Join(dir, fmt.Sprintf("table-%d.csv", b.rows))
	b.parquet = strings.TrimSuffix(b.csv, "csv") + "parquet"
	profile, err := b.run(os.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	if profile > 10 {
		t.Errorf("a profile of a million rows x 50 takes %.1f s; the goal is 10", profile)
	}
}

// number reads a whole number from the environment.
func number(t *testing.T, name string, def int) int {
	text := os.Getenv(name)
	if text == "" {
		return def
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q; expected a whole number of at least 1", name, text)
	}
	return n
}

type bench struct {
	python, csv, parquet string
	rows, rounds         int
}

// run makes the tables that are missing, runs all rounds and prints the results.
// It returns the median of the profile, in seconds of processor time.
func (b bench) run(w io.Writer) (profile float64, err error) {
	if err := b.tables(); err != nil {
		return 0, err
	}
	info, err := os.Stat(b.csv)
	if err != nil {
		return 0, err
	}
	packed, err := os.Stat(b.parquet)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(w, "%s, %d of %d cores, %s; %d rows, %d rounds, interleaved; CSV %.1f MB, Parquet %.1f MB\n", time.Now().Format(time.DateOnly), threads, runtime.NumCPU(), runtime.Version(), b.rows, b.rounds,
		float64(info.Size())/1e6, float64(packed.Size())/1e6)
	for _, what := range []string{"csv", "parquet", "profile"} {
		times, cpus := map[string][]float64{}, map[string][]float64{}
		var first *result
		for range b.rounds {
			for _, name := range contenders[what] {
				r, err := b.contend(what, name)
				if err != nil {
					return 0, fmt.Errorf("%s: %w", name, err)
				}
				if first == nil {
					first = r
				} else if err := first.same(r); err != nil {
					return 0, fmt.Errorf("%s: %w", name, err)
				}
				times[name], cpus[name] = append(times[name], r.Seconds), append(cpus[name], r.CPU)
			}
		}
		print(w, what, times, cpus, info.Size())
		profile = median(cpus[what+"/ours"])
	}
	return profile, nil
}

func print(w io.Writer, what string, times, cpus map[string][]float64, size int64) {
	ours := median(times[contenders[what][0]])
	work := median(cpus[contenders[what][0]])
	fmt.Fprintf(w, "\n| %s | median | fastest - slowest | MB of CSV a second | time / ours | CPU time | CPU / ours |\n|---|---|---|---|---|---|---|\n", what)
	for _, name := range contenders[what] {
		t := times[name]
		rate := "-"
		if what != "profile" {
			rate = fmt.Sprintf("%.0f", float64(size)/1e6/median(t))
		}
		fmt.Fprintf(w, "| %s | %.3f s | %.3f - %.3f s | %s | %.2f | %.3f s | %.2f |\n", name[len(what)+1:], median(t), slices.Min(t), slices.Max(t), rate, median(t)/ours, median(cpus[name]), median(cpus[name])/work)
	}
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// contend runs a contender in a process of its own.
func (b bench) contend(what, name string) (*result, error) {
	path := b.csv
	if what == "parquet" {
		path = b.parquet
	}
	c := exec.Command(b.python, "peers.py", name, path)
	if name == what+"/ours" {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		c = exec.Command(self)
		c.Env = append(os.Environ(), "GRISTMILL_BENCH_AS="+what, "GRISTMILL_BENCH_FILE="+path)
	}
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, err
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, fmt.Errorf("its answer %q: %w", out, err)
	}
	return &r, nil
}

// tables makes the files that are not there yet.
func (b bench) tables() error {
	if _, err := os.Stat(b.csv); errors.Is(err, os.ErrNotExist) {
		if err := writeFile(b.csv, func(w io.Writer) error { return generate(w, b.rows) }); err != nil {
			return err
		}
	}
	if _, err := os.Stat(b.parquet); errors.Is(err, os.ErrNotExist) {
		c := exec.Command(b.python, "peers.py", "convert", b.csv)
		c.Stderr = os.Stderr
		if err := c.Run(); err != nil {
			return fmt.Errorf("convert to Parquet: %w", err)
		}
	}
	// Both are read once, so that no contender pays for the disk.
	for _, path := range []string{b.csv, b.parquet} {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, bufio.NewReaderSize(f, 1<<20))
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file that is there whole or not at all.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
