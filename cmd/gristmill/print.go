package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"
	"time"
)

// printJSON prints one JSON value, the whole answer of a command.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// say prints a line of progress: on stdout, or on stderr when stdout is for JSON.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.progress(), format+"\n", args...)
}

func (a *app) progress() io.Writer {
	if a.json {
		return a.err
	}
	return a.out
}

// table collects rows for aligned columns.
type table struct{ w *tabwriter.Writer }

func (a *app) table(head ...string) *table { return newTable(a.out, head...) }

func newTable(out io.Writer, head ...string) *table {
	t := &table{tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)}
	if len(head) > 0 {
		t.row(head...)
	}
	return t
}

func (t *table) row(cells ...string) { fmt.Fprintln(t.w, strings.Join(cells, "\t")) }

func (t *table) flush() error { return t.w.Flush() }

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// short renders a duration for people: 850 ms, 4.2 s, 3m 12s.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return fmt.Sprintf("%dm %ds", int(d.Minutes()), int(d.Seconds())%60)
	}
}

// self is how this program is called from here: by its name if the PATH has it,
// else as it was called.
func self() string {
	if _, err := exec.LookPath("gristmill"); err == nil {
		return "gristmill"
	}
	return os.Args[0]
}

// elsewhere is what a command must add to talk to this stack, if it is not the
// usual one.
func (a *app) elsewhere() string {
	switch {
	case a.cfg.PortOffset != "0":
		return " --port-offset " + a.cfg.PortOffset
	case a.cfg.Server != Default().Server:
		return " --server " + a.cfg.Server
	default:
		return ""
	}
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

func number(v float64) string { return fmt.Sprintf("%.5g", v) }
