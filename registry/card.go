package registry

import (
	"fmt"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"gristmill/ml/evaluate"
)

// CardInfo is what a card says beyond the version's own fields.
type CardInfo struct {
	Description  string
	Spec         CardSpec          // what people say of the model
	Params       map[string]string // of the run
	Evaluation   evaluate.Report   // everything that was measured
	Data         DataInfo
	Folds        int    // of the cross-validation; 0: none
	Example      string // one row that the model takes, as a JSON object; "" without one
	RegisteredAt time.Time
	// Plots are pictures by name, for the HTML form.
	Plots []evaluate.Plot
}

// DataInfo is what a card says of the data.
type DataInfo struct {
	Target  string
	Rows    int64
	Columns int
	Missing int64    // cells without a value, in all columns
	Notes   []string // what the profile noticed
}

// Card writes a version's description in Markdown and as one HTML page: what it
// is for and who answers for it, what was measured of it and of groups of rows,
// what its errors cost, what it takes and answers, where it comes from, where it
// must not be trusted.
func Card(v Version, info CardInfo) (markdown string, html []byte, err error) {
	d := &document{title: v.Model}
	purpose(d, v, info)
	measured(d, v, info)
	impact(d, info.Evaluation)
	groups(d, info.Evaluation)
	confusion(d, info.Evaluation)
	relied(d, info.Evaluation)
	judged(d, v, info.Evaluation)
	contract(d, v, info)
	limits(d, info)
	data(d, v, info)
	made(d, v, info)
	html, err = d.html()
	return d.markdown(), html, err
}

func purpose(d *document, v Version, info CardInfo) {
	if info.Description != "" {
		d.para("%s", info.Description)
	}
	d.para("A %s model, made by the pipeline %s on %s.", info.Evaluation.Task, v.Lineage.Pipeline, info.RegisteredAt.UTC().Format("2006-01-02"))
	if t := saysAny(info.Spec, "purpose", "owner", "contact"); len(t) > 0 {
		d.heading("Purpose and owner")
		fields(d, t)
	}
	if len(v.CardMissing) > 0 {
		d.para("Not complete: the spec requires %s, and says nothing there. The version is not promoted until it does.", strings.Join(v.CardMissing, ", "))
	}
}

// saysAny returns the named fields that say something.
func saysAny(c CardSpec, names ...string) []CardField {
	return slices.DeleteFunc(c.Fields(), func(f CardField) bool { return f.Text == "" || !slices.Contains(names, f.Name) })
}

func fields(d *document, list []CardField) {
	for _, f := range list {
		d.para("%s: %s", strings.ToUpper(f.Name[:1])+f.Name[1:], f.Text)
	}
}

func measured(d *document, v Version, info CardInfo) {
	e := info.Evaluation
	d.heading("Measured")
	text := fmt.Sprintf("On %d test rows", e.Rows["test"])
	if n := e.Rows["val"]; n > 0 {
		text += fmt.Sprintf(" and %d validation rows", n)
	}
	text += fmt.Sprintf(" that the model has not seen; it learned from %d. Intervals are 95 %% (bootstrap). The baseline always answers the mean or the commonest class.", e.Rows["train"])
	if info.Folds > 0 {
		text += fmt.Sprintf(" Metrics that begin with cv_ are means over a cross-validation of %d folds of the training rows; _std is the deviation between folds.", info.Folds)
	}
	d.para("%s", text)
	t := d.table("metric", "value", "interval", "baseline")
	for _, m := range v.Metrics {
		if !strings.HasPrefix(m.Name, "train_") {
			t.row(m.Name, short(m.Value), span(m.Low, m.High), optional(m.Baseline))
		}
	}
	for _, p := range info.Plots {
		d.blocks = append(d.blocks, block{Image: &image{Alt: p.Title, SVG: template.HTML(p.SVG)}}) //nolint:gosec // ml/plot escapes every text
	}
}

func impact(d *document, e evaluate.Report) {
	c := e.Cost
	if c == nil {
		return
	}
	d.heading("Business impact")
	d.para("On the %d rows of the part %s, with the costs of the spec (a negative cost is a gain):", c.Rows, e.Part)
	t := d.table("decisions", c.Currency+" per row", "interval", "less than the baseline's", "interval", "less than always "+c.Constant.Answer, "interval")
	row := func(what string, o evaluate.Outcome) {
		t.row(what, short(o.PerRow.Value), span(o.PerRow.Low, o.PerRow.High), short(o.Saving.Value), span(o.Saving.Low, o.Saving.High),
			short(o.OverConstant.Value), span(o.OverConstant.Low, o.OverConstant.High))
	}
	row("of the model", c.Outcome)
	if b := c.Best; b != nil {
		what := "of the least expected cost"
		if b.Threshold != nil {
			what = fmt.Sprintf("at the best threshold, %s (chosen on %s rows)", short(*b.Threshold), b.On)
		}
		row(what, b.Outcome)
	}
	t.row("always "+c.Constant.Answer, short(c.Constant.PerRow), "", "", "", "", "")
	t.row("of the baseline", short(c.Baseline), "", "", "", "", "")
	d.para("In all the model's decisions cost %s %s there, and the baseline's %s %s. Always %s is the one answer that costs least; a model is worth its cost only if it saves over that.",
		short(c.Total), c.Currency, short(c.Baseline*float64(c.Rows)), c.Currency, c.Constant.Answer)
}

func groups(d *document, e evaluate.Report) {
	if len(e.Slices) == 0 {
		return
	}
	d.heading("By group")
	d.para("%s of groups of the %s rows. A group of fewer than 30 rows (small) proves nothing; worse means that its interval lies wholly on the bad side of that of all rows.", e.Main, e.Part)
	t := d.table("column", "value", "rows", e.Main, "interval", "")
	for _, s := range e.Slices {
		note := map[bool]string{s.Small: "small"}[true]
		if s.Worse {
			note = "worse"
		}
		value, interval := "", ""
		for _, m := range s.Metrics {
			if m.Name == e.Main {
				value, interval = short(m.Value), span(m.Low, m.High)
			}
		}
		t.row(s.Column, s.Value, fmt.Sprint(s.Rows), value, interval, note)
	}
}

// maxConfusion is how many classes a printed matrix may have.
const maxConfusion = 20

func confusion(d *document, e evaluate.Report) {
	matrix := e.Confusion["test"]
	if len(matrix) == 0 || len(e.Classes) > maxConfusion {
		return
	}
	d.heading("Confusion on the test rows")
	t := d.table(append([]string{"actual \\ predicted"}, e.Classes...)...)
	for i, counts := range matrix {
		cells := []string{e.Classes[i]}
		for _, n := range counts {
			cells = append(cells, fmt.Sprint(n))
		}
		t.row(cells...)
	}
}

// maxRelied is how many columns are listed by importance.
const maxRelied = 10

func relied(d *document, e evaluate.Report) {
	if e.Importance == nil || len(e.Importance.Columns) == 0 {
		return
	}
	d.heading("What it relies on")
	d.para("How much worse %s gets on the %s rows when a column is shuffled.", e.Importance.Metric, e.Importance.Part)
	t := d.table("column", "worse by", "standard deviation")
	for _, c := range e.Importance.Columns[:min(maxRelied, len(e.Importance.Columns))] {
		t.row(c.Column, short(c.Drop), short(c.Std))
	}
}

func judged(d *document, v Version, e evaluate.Report) {
	if len(v.Gates) > 0 {
		d.heading("Gates")
		var list []string
		for _, g := range v.Gates {
			list = append(list, g.Rule+": "+g.Reason)
		}
		d.list(list)
	}
	if len(e.Checks) > 0 {
		d.heading("Checks")
		t := d.table("check", "verdict", "found")
		for _, c := range e.Checks {
			t.row(c.Title, verdict(c.Passed), c.Detail)
		}
	}
}

func verdict(passed bool) string {
	if passed {
		return "passed"
	}
	return "look at it"
}

func contract(d *document, v Version, info CardInfo) {
	d.heading("Takes and answers")
	t := d.table("input", "type", "may be missing")
	for _, f := range v.Signature.Inputs.Fields {
		t.row(f.Name, string(f.Type), yes(f.Nullable))
	}
	answer := "Answers prediction"
	if len(v.Signature.Classes) > 0 {
		answer += " and the probabilities of " + strings.Join(v.Signature.Classes, ", ")
	}
	d.para("%s.", answer)
	if info.Example == "" {
		return
	}
	d.heading("How to call it")
	d.code(fmt.Sprintf("curl http://127.0.0.1:8080/models/%s/invocations \\\n  -H 'Content-Type: application/json' \\\n  -d '{\"dataframe_records\": [%s]}'", v.Model, strings.ReplaceAll(info.Example, "'", `'\''`)))
	d.code(fmt.Sprintf("gristmill predict %s --file rows.csv", v.Model))
}

func limits(d *document, info CardInfo) {
	d.heading("Limits")
	fields(d, saysAny(info.Spec, "limits"))
	text := "The figures hold for data like the test rows, and say nothing of data that have changed since."
	if len(info.Evaluation.Slices) == 0 {
		text += " No groups of rows were measured apart (evaluate.slices)."
	}
	d.para("%s", text)
	if list := saysAny(info.Spec, "ethics", "fairness"); len(list) > 0 {
		d.heading("Ethics and fairness")
		fields(d, list)
	}
}

func data(d *document, v Version, info CardInfo) {
	d.heading("Data")
	t := d.table("of", "")
	t.row("source", v.Lineage.DatasetSource)
	t.row("digest", "sha256 "+string(v.Lineage.DatasetDigest))
	if in := info.Data; in.Rows > 0 {
		t.row("rows", fmt.Sprint(in.Rows))
		t.row("columns", fmt.Sprint(in.Columns))
		t.row("cells without a value", fmt.Sprint(in.Missing))
		t.row("target", in.Target)
	}
	d.list(info.Data.Notes)
}

func made(d *document, v Version, info CardInfo) {
	l := v.Lineage
	d.heading("Made of")
	t := d.table("of", "")
	t.row("run", l.RunID)
	t.row("workflow", l.WorkflowID)
	t.row("spec", "sha256 "+string(l.SpecDigest))
	t.row("weights", "sha256 "+v.WeightsSHA256)
	t.row("package", fmt.Sprintf("sha256 %s, %d bytes", v.Package.Digest, v.Package.Size))
	t.row("gristmill", l.Gristmill)
	if l.Commit != "" {
		t.row("commit", l.Commit+", "+map[bool]string{true: "with uncommitted changes", false: "clean"}[l.Dirty])
	}
	if len(info.Params) > 0 {
		d.heading("Settings")
		t = d.table("key", "value")
		for _, k := range slices.Sorted(maps.Keys(info.Params)) {
			t.row(k, info.Params[k])
		}
	}
}

func short(v float64) string { return fmt.Sprintf("%.5g", v) }

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
	return short(*v)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
