package starter

import (
	"fmt"
	"strings"
)

// transform writes the rules. What is special is named column by column; what is
// usual goes by its type, so that it reads well and a new column finds its rule.
func (d *draft) transform(p *page, plainly bool) {
	p.line("", "transform:", "fitted on the training rows only; the first rule that matches a column takes it, unless it says also")
	if !plainly {
		d.gaps(p)
		d.tails(p)
		d.texts(p)
	}
	if len(d.with(number)) > 0 || plainly && len(d.with(skewed, lopsided)) > 0 {
		p.rule("numbers: gaps are filled, and one unit means the same for all, as l2 needs", "{type: number}", "[{impute: median}, {scale: standard}]", false)
	}
	d.dates(p)
	if len(d.with(category)) > 0 || plainly && len(d.with(crowded, prose)) > 0 {
		rare, why := "", "categories: an indicator for each value; one that the training rows have not is none of them"
		if plainly || d.rareLevels() {
			rare, why = fmt.Sprintf(", min_share: %g", rareShare), why+"; rare ones share an indicator"
		}
		p.rule(why, "{type: category}", "[{one_hot: {unknown: ignore"+rare+"}}]", false)
	}
}

// rareShare is the share of rows below which a category is rare.
const rareShare = 0.005

func (d *draft) rareLevels() bool {
	for _, c := range d.with(category) {
		if c.leastShare < rareShare {
			return true
		}
	}
	return false
}

// rule writes one rule.
func (p *page) rule(why, columns, steps string, also bool) {
	p.line("  ", "- columns: "+columns, why)
	if also {
		p.line("    ", "also: true", "")
	}
	p.line("    ", "apply: "+steps, "")
}

func names(cs []column) string {
	texts := make([]string, len(cs))
	for i, c := range cs {
		texts[i] = c.name
	}
	return "{names: " + flow(texts, "        ") + "}"
}

// gaps makes features of what is missing, where it is often.
func (d *draft) gaps(p *page) {
	var often []column
	for _, c := range d.with(number, skewed, lopsided, category, crowded, prose, moment) {
		if float64(c.missing) > oftenMissing*float64(c.rows) {
			often = append(often, c)
		}
	}
	if len(often) > 0 {
		p.rule(fmt.Sprintf("more than %g %% of their values are missing: that a value is missing may say something", 100*oftenMissing), names(often), "[missing]", true)
	}
}

// tails straightens numbers with long tails.
func (d *draft) tails(p *page) {
	if cs := d.with(skewed); len(cs) > 0 {
		p.rule("never negative, most values small and a few huge: "+tailsOf(cs), names(cs), "[{impute: median}, log1p, {scale: standard}]", false)
	}
	if cs := d.with(lopsided); len(cs) > 0 {
		p.rule("long tails on both sides of zero or below it: "+tailsOf(cs), names(cs), "[{impute: median}, {power: yeo_johnson}]", false)
	}
}

// tailsOf shows the skewness of the first few.
func tailsOf(cs []column) string {
	const most = 3
	var parts []string
	for _, c := range cs[:min(len(cs), most)] {
		parts = append(parts, fmt.Sprintf("%s %.1f", c.name, c.skew))
	}
	if n := len(cs) - len(parts); n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", n))
	}
	return "skewness of " + strings.Join(parts, ", ")
}

// texts makes numbers of texts that are too many for indicators.
func (d *draft) texts(p *page) {
	if cs := d.with(crowded); len(cs) > 0 {
		p.rule("too many different texts for an indicator each: how common each is instead", names(cs), "[frequency, {scale: standard}]", false)
	}
	if cs := d.with(prose); len(cs) > 0 {
		p.rule("sentences: how long they are", names(cs), "[text_length, {impute: {strategy: constant, value: 0}}, log1p, {scale: standard}]", true)
		p.rule("and which words they have", names(cs), "[{hash_tokens: {features: 64}}]", false)
	}
}

// dates makes numbers of times: the season, the day of the week, the trend.
func (d *draft) dates(p *page) {
	times := d.with(moment)
	if len(times) == 0 {
		return
	}
	around, hours := "month, weekday", ""
	for _, c := range times {
		if c.clock {
			around, hours = "month, weekday, hour", ", hour"
		}
	}
	p.rule("dates: what comes round again, so that December lies beside January", "{type: date}", "[{cyclic: ["+around+"]}, {impute: mean}]", true)
	p.rule("each day of the week for itself", "{type: date}", "[{date_parts: [weekday]}, {one_hot: {unknown: ignore}}]", true)
	p.rule("and what does not come again, the trend", "{type: date}", "[{date_parts: [year, month, day, is_weekend"+hours+"]}, {impute: median}, {scale: standard}]", false)
}
