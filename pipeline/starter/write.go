package starter

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gristmill/ml/catalog"
	"gristmill/ml/frame"
)

// page is a spec in the making.
type page struct{ strings.Builder }

// line writes a line of YAML with the reason behind it, or above it where the
// line would grow long.
func (p *page) line(indent, yaml, reason string) {
	const width = 100
	reason = comment(reason)
	switch {
	case reason == "":
		fmt.Fprintf(p, "%s%s\n", indent, yaml)
	case len(indent)+len(yaml)+len(reason) < width && !strings.Contains(yaml, "\n"):
		fmt.Fprintf(p, "%s%s # %s\n", indent, yaml, reason)
	default:
		for _, l := range wrapped(reason, width-len(indent)) {
			fmt.Fprintf(p, "%s# %s\n", indent, l)
		}
		fmt.Fprintf(p, "%s%s\n", indent, yaml)
	}
}

// wrapped breaks a text into lines.
func wrapped(text string, width int) (lines []string) {
	line := ""
	for _, w := range strings.Fields(text) {
		if line != "" && len(line)+1+len(w) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(lines, line)
}

// text writes the spec. Plainly leaves out what names columns one by one in the
// transforms.
func (d *draft) text(plainly bool) []byte {
	p := &page{}
	for _, l := range wrapped(comment(fmt.Sprintf("A first spec for %s, written by `gristmill pipeline init` from %s rows and %d columns. Every guess has its reason beside it: change what is wrong.", d.Data.Source, count(d.Frame.Rows()), d.Frame.Cols())), 96) {
		fmt.Fprintf(p, "# %s\n", l)
	}
	p.WriteString("# `gristmill pipeline check -f THIS` says what it would do, `gristmill train --file THIS` does it;\n# docs/pipelines.md lists every key, `gristmill pipeline schema` makes an editor complete them.\n")
	p.line("", "name: "+scalar(d.Name), "of the pipeline and of its model")
	d.data(p)
	d.transform(p, plainly)
	d.train(p)
	d.evaluate(p)
	p.WriteString("register:\n")
	p.line("  ", "model: "+scalar(d.Name), "")
	p.WriteString("  # What nobody can measure belongs into the model card; a version whose required texts are empty\n  # is not promoted:\n  # card: {purpose: ..., owner: ..., contact: ..., limits: ..., ethics: ..., fairness: ..., required: [purpose, owner]}\n")
	p.line("", "deploy: {approval: none}", "a version that passes its gates takes the traffic; deploy: false only registers it")
	return []byte(p.String())
}

func (d *draft) data(p *page) {
	s := d.Data
	p.WriteString("data:\n")
	p.line("  ", "source: "+scalar(s.Source.String()), "")
	for _, kv := range [][2]string{{"format", s.Format}, {"encoding", s.Encoding}, {"separator", s.Separator}, {"decimal", s.Decimal}} {
		if kv[1] != "" {
			p.line("  ", kv[0]+": "+quoted(kv[1]), "")
		}
	}
	if len(s.Nulls) > 0 {
		p.line("  ", "nulls: "+flow(s.Nulls, "    "), "texts that stand for no value: without them whole columns would be texts")
	}
	if len(s.Dates) > 0 {
		var pairs []string
		why := "how these columns write their dates"
		for _, name := range slices.Sorted(maps.Keys(s.Dates)) {
			pairs = append(pairs, scalar(name)+": "+quoted(s.Dates[name]))
			if f := s.Dates[name]; strings.HasPrefix(f, "%m/") || strings.HasPrefix(f, "%d/") {
				why = "how these columns write their dates; day and month could be the other way round"
			}
		}
		p.line("  ", "dates: {"+strings.Join(pairs, ", ")+"}", why)
	}
	p.line("  ", "target: "+scalar(d.target.name), d.target.why)
	if d.target.positive != "" {
		p.line("  ", "positive: "+quoted(d.target.positive), d.target.whyPositive)
	}
	if out := d.with(leftOut); len(out) > 0 {
		p.line("  ", "drop:", "not learned from, each for its reason")
		for _, c := range out {
			p.line("    ", "- "+scalar(c.name), c.reason)
		}
	}
	p.line("  ", "split: "+d.split, d.why)
}

// quoted writes a text in quotes whatever it is, since a label such as Yes or 1
// would be something else without.
func quoted(s string) string {
	if b := scalar(s); strings.HasPrefix(b, `"`) {
		return b
	}
	return `"` + s + `"`
}

func (d *draft) train(p *page) {
	p.WriteString("train:\n")
	if d.target.task == catalog.Classification {
		p.line("  ", "algorithm: logistic", "classes with probabilities")
		p.line("  ", "l2: 1.0", "how much large weights cost; more where the test is much worse than the training")
	} else {
		p.line("  ", "algorithm: ridge", "numbers; l2 keeps weights small that too few rows speak for")
		p.line("  ", "l2: 10.0", "")
		if d.target.log1p {
			p.line("  ", "target_transform: log1p", fmt.Sprintf("the target has a long tail (skewness %.1f, of its logarithm %.1f); predictions come back in its own unit", d.target.skew, d.target.logSkew))
		}
	}
	if d.cv {
		seed, each := ", seed: 42", "each measured on another fifth"
		if d.ordered { // nothing is drawn
			seed, each = "", "each measured on what came after its rows"
		}
		p.line("  ", "cv: {folds: 5"+seed+"}", fmt.Sprintf("with %s rows one part says little: five fits, %s", count(d.target.rows), each))
	}
	if d.target.task == catalog.Classification && len(d.target.labels) == 2 && !d.cv {
		p.WriteString("  # threshold: f1 # predict the positive class from the probability that gives the best F1 instead of 0.5\n")
	}
}

func (d *draft) evaluate(p *page) {
	p.WriteString("evaluate:\n")
	p.line("  ", "gates:", "a candidate that fails one is not registered")
	if d.target.task == catalog.Classification {
		p.line("    ", `test_log_loss: "< baseline"`, "better than always answering with the shares of the classes")
	} else {
		p.line("    ", `test_rmse: "< baseline"`, "better than always answering with the mean; tighten it once you know what is possible")
	}
	if names := d.slices(); len(names) > 0 {
		p.line("  ", "slices: "+flow(names, "    "), "measured apart, to see for whom the model is bad")
	}
	if d.target.task == catalog.Classification {
		p.WriteString("  # cost: {currency: USD, false_negative: 500, false_positive: 50} # what errors cost: gives the value against the baseline\n")
	} else {
		p.WriteString("  # cost: {currency: USD, over: 1, under: 2} # what a unit too much and too little costs: gives the value against the baseline\n")
	}
}

// maxSlices bounds the slices that are guessed.
const maxSlices = 2

// slices returns columns of a few large groups.
func (d *draft) slices() (names []string) {
	for _, c := range d.with(category) {
		if c.distinct >= 2 && c.distinct <= 6 && c.topShare <= 0.9 && c.typ == frame.String && len(names) < maxSlices {
			names = append(names, c.name)
		}
	}
	return names
}
