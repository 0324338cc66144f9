package registry

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// CardInfo is what a card says beyond the version's own fields.
type CardInfo struct {
	Description  string
	Task         string            // "regression" or "classification"
	Params       map[string]string // of the run
	Rows         map[string]int    // by part: train, val, test
	Confusion    [][]int           // on the test rows; row: actual, column: predicted
	Classes      []string
	RegisteredAt time.Time
}

// Card writes a version's description in Markdown: what it is, what was
// measured of it, what it takes and answers, where it comes from, what it was
// not tested for.
func Card(v Version, info CardInfo) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# %s\n\n", plain(v.Model))
	if info.Description != "" {
		p("%s\n\n", plain(info.Description))
	}
	p("A %s model, made by the pipeline %s on %s.\n\n", info.Task, plain(v.Lineage.Pipeline), info.RegisteredAt.UTC().Format("2006-01-02"))
	p("## Measured\n\nOn %d test rows", info.Rows["test"])
	if n := info.Rows["val"]; n > 0 {
		p(" and %d validation rows", n)
	}
	p(" that the model has not seen; it learned from %d. Intervals are 95 %% (bootstrap). The baseline always answers the mean or the commonest class.\n\n", info.Rows["train"])
	p("| metric | value | interval | baseline |\n|---|---|---|---|\n")
	for _, m := range v.Metrics {
		if strings.HasPrefix(m.Name, "train_") {
			continue
		}
		p("| %s | %.5g | %s | %s |\n", m.Name, m.Value, span(m.Low, m.High), optional(m.Baseline))
	}
	confusion(p, info)
	if len(v.Gates) > 0 {
		p("\n## Gates\n\n")
		for _, g := range v.Gates {
			p("- %s: %s\n", plain(g.Rule), plain(g.Reason))
		}
	}
	p("\n## Takes and answers\n\n| input | type | may be missing |\n|---|---|---|\n")
	for _, f := range v.Signature.Inputs.Fields {
		p("| %s | %s | %s |\n", plain(f.Name), f.Type, yes(f.Nullable))
	}
	p("\nAnswers `prediction`")
	if len(v.Signature.Classes) > 0 {
		p(" and the probabilities of %s", plain(strings.Join(v.Signature.Classes, ", ")))
	}
	p(".\n\n## Made of\n\n")
	lineage(p, v)
	p("\n## Settings\n\n| key | value |\n|---|---|\n")
	for _, k := range slices.Sorted(maps.Keys(info.Params)) {
		p("| %s | %s |\n", plain(k), plain(info.Params[k]))
	}
	p("\n## Limits\n\nThe figures hold for data like the test rows. They say nothing of groups of rows that were not measured apart, nor of data that have changed since.\n")
	return b.String()
}

func confusion(p func(string, ...any), info CardInfo) {
	if len(info.Confusion) == 0 || len(info.Classes) > 20 {
		return
	}
	p("\n## Confusion on the test rows\n\n| actual \\ predicted |")
	for _, c := range info.Classes {
		p(" %s |", plain(c))
	}
	p("\n|%s\n", strings.Repeat("---|", len(info.Classes)+1))
	for i, row := range info.Confusion {
		p("| %s |", plain(info.Classes[i]))
		for _, n := range row {
			p(" %d |", n)
		}
		p("\n")
	}
}

func lineage(p func(string, ...any), v Version) {
	l := v.Lineage
	p("| of | |\n|---|---|\n")
	p("| run | `%s` |\n", l.RunID)
	p("| workflow | `%s` |\n", plain(l.WorkflowID))
	p("| data | %s, sha256 `%s` |\n", plain(l.DatasetSource), l.DatasetDigest)
	p("| spec | sha256 `%s` |\n", l.SpecDigest)
	p("| weights | sha256 `%s` |\n", v.WeightsSHA256)
	p("| package | sha256 `%s`, %d bytes |\n", v.Package.Digest, v.Package.Size)
	p("| gristmill | %s |\n", plain(l.Gristmill))
	if l.Commit != "" {
		p("| commit | `%s`, %s |\n", plain(l.Commit), map[bool]string{true: "with uncommitted changes", false: "clean"}[l.Dirty])
	}
}

// plain makes a user's text safe inside a Markdown table or paragraph.
func plain(s string) string {
	s = strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "`", "'").Replace(s)
	return tagStart().ReplaceAllString(s, `\<$1`)
}

// tagStart finds what a reader of Markdown would take for HTML; "a < b" is not.
func tagStart() *regexp.Regexp { return regexp.MustCompile(`<([A-Za-z/!?])`) }

func span(low, high *float64) string {
	if low == nil || high == nil {
		return ""
	}
	return fmt.Sprintf("%.5g to %.5g", *low, *high)
}

func optional(v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%.5g", *v)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
