package registry

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

// document is a card before it has a form: blocks in order, which Markdown and
// HTML are written from, so that the two cannot say different things.
type document struct {
	title  string
	blocks []block
}

// block is one part of a document; exactly one field is set.
type block struct {
	Heading string
	Para    string
	List    []string
	Table   *table
	Code    string
	Image   *image // in HTML only; Markdown has no self-contained pictures
}

// table is rows of cells; every row has as many as the head.
type table struct {
	Head []string
	Rows [][]string
}

// image is a picture with a text that stands for it.
type image struct {
	Alt string
	SVG template.HTML // made by ml/plot, which escapes every text of users
}

func (d *document) heading(text string) { d.blocks = append(d.blocks, block{Heading: text}) }

func (d *document) para(format string, args ...any) {
	d.blocks = append(d.blocks, block{Para: fmt.Sprintf(format, args...)})
}

func (d *document) list(items []string) {
	if len(items) > 0 {
		d.blocks = append(d.blocks, block{List: items})
	}
}

func (d *document) code(text string) { d.blocks = append(d.blocks, block{Code: text}) }

// table adds a table with these heads and returns it to be filled.
func (d *document) table(head ...string) *table {
	t := &table{Head: head}
	d.blocks = append(d.blocks, block{Table: t})
	return t
}

func (t *table) row(cells ...string) { t.Rows = append(t.Rows, cells) }

// markdown writes the document as Markdown. Texts are escaped so that no text of
// a user becomes a heading, a table or a tag.
func (d *document) markdown() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# %s\n", plain(d.title))
	for _, blk := range d.blocks {
		switch {
		case blk.Heading != "":
			p("\n## %s\n", plain(blk.Heading))
		case blk.Para != "":
			p("\n%s\n", lead(plain(blk.Para)))
		case blk.List != nil:
			p("\n")
			for _, item := range blk.List {
				p("- %s\n", plain(item))
			}
		case blk.Code != "":
			p("\n```\n%s\n```\n", strings.ReplaceAll(blk.Code, "```", "'''"))
		case blk.Table != nil && len(blk.Table.Rows) > 0:
			p("\n")
			line(p, blk.Table.Head)
			p("|%s\n", strings.Repeat("---|", len(blk.Table.Head)))
			for _, r := range blk.Table.Rows {
				line(p, r)
			}
		}
	}
	return b.String()
}

// lead escapes a paragraph's first character where it would make something else
// of it: a heading, a quote, a list, a rule.
func lead(s string) string {
	if s != "" && strings.ContainsRune("#>-*+_=", rune(s[0])) {
		return `\` + s
	}
	return s
}

func line(p func(string, ...any), cells []string) {
	for _, c := range cells {
		p("| %s ", plain(c))
	}
	p("|\n")
}

//go:embed card.html
var cardPage string

// html writes the document as one page that needs nothing else.
func (d *document) html() ([]byte, error) {
	page, err := template.New("card").Parse(cardPage)
	if err != nil {
		return nil, fmt.Errorf("parse card page: %w", err)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, map[string]any{"Title": d.title, "Blocks": d.blocks}); err != nil {
		return nil, fmt.Errorf("write card: %w", err)
	}
	return b.Bytes(), nil
}
