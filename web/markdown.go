package web

import (
	"html"
	"html/template"
	"regexp"
	"strconv"
	"strings"
)

// markdown renders the part of Markdown that model cards use: headings, lists,
// tables, fenced code, quotes, rules, paragraphs; code, strong, emphasis and
// links inside. Every character of the source is escaped first and no HTML of
// it passes, so that a card cannot bring a tag or a script into the page.
// Headings start at level 2, below the page's own.
func markdown(source string) template.HTML {
	m := &marker{lines: strings.Split(strings.ReplaceAll(source, "\r\n", "\n"), "\n")}
	for m.at < len(m.lines) {
		m.block()
	}
	return template.HTML(m.out.String()) //nolint:gosec // made of escaped text and the tags below
}

type marker struct {
	lines []string
	at    int
	out   strings.Builder
}

var (
	headingForm = regexp.MustCompile(`^(#{1,6})\s+(.*?)\s*#*$`)
	bulletForm  = regexp.MustCompile(`^\s*[-*+]\s+(.*)$`)
	numberForm  = regexp.MustCompile(`^\s*\d{1,9}[.)]\s+(.*)$`)
	ruleForm    = regexp.MustCompile(`^\s*(-{3,}|\*{3,}|_{3,})\s*$`)
	delimiter   = regexp.MustCompile(`^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$`)
)

func (m *marker) block() {
	line := m.lines[m.at]
	switch {
	case strings.TrimSpace(line) == "":
		m.at++
	case strings.HasPrefix(strings.TrimSpace(line), "```"):
		m.code()
	case headingForm.MatchString(line):
		h := headingForm.FindStringSubmatch(line)
		tag := "h" + strconv.Itoa(min(6, len(h[1])+1))
		m.element(tag, h[2])
		m.at++
	case ruleForm.MatchString(line):
		m.out.WriteString("<hr>\n")
		m.at++
	case bulletForm.MatchString(line):
		m.list("ul", bulletForm)
	case numberForm.MatchString(line):
		m.list("ol", numberForm)
	case strings.Contains(line, "|") && m.at+1 < len(m.lines) && strings.Contains(m.lines[m.at+1], "-") && delimiter.MatchString(m.lines[m.at+1]):
		m.table()
	case strings.HasPrefix(line, ">"):
		m.quote()
	default:
		m.paragraph()
	}
}

// element writes a tag around inline text.
func (m *marker) element(tag, text string) {
	m.out.WriteString("<" + tag + ">" + inline(text) + "</" + tag + ">\n")
}

func (m *marker) code() {
	m.at++
	m.out.WriteString("<pre><code>")
	for m.at < len(m.lines) && !strings.HasPrefix(strings.TrimSpace(m.lines[m.at]), "```") {
		m.out.WriteString(html.EscapeString(m.lines[m.at]) + "\n")
		m.at++
	}
	m.at++
	m.out.WriteString("</code></pre>\n")
}

func (m *marker) list(tag string, form *regexp.Regexp) {
	m.out.WriteString("<" + tag + ">\n")
	for m.at < len(m.lines) {
		item := form.FindStringSubmatch(m.lines[m.at])
		if item == nil {
			break
		}
		text := item[1]
		m.at++
		// Indented lines go on with the item.
		for m.at < len(m.lines) && strings.HasPrefix(m.lines[m.at], "  ") && form.FindStringSubmatch(m.lines[m.at]) == nil {
			text += " " + strings.TrimSpace(m.lines[m.at])
			m.at++
		}
		m.element("li", text)
	}
	m.out.WriteString("</" + tag + ">\n")
}

func (m *marker) table() {
	m.out.WriteString("<div class=\"scroll\"><table><thead>")
	m.row("th", m.lines[m.at])
	m.out.WriteString("</thead><tbody>")
	for m.at += 2; m.at < len(m.lines) && strings.Contains(m.lines[m.at], "|"); m.at++ {
		m.row("td", m.lines[m.at])
	}
	m.out.WriteString("</tbody></table></div>\n")
}

func (m *marker) row(tag, line string) {
	line = strings.TrimSpace(line)
	line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
	m.out.WriteString("<tr>")
	for _, cell := range strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|") {
		m.element(tag, strings.TrimSpace(strings.ReplaceAll(cell, "\x00", "|")))
	}
	m.out.WriteString("</tr>\n")
}

func (m *marker) quote() {
	var text []string
	for m.at < len(m.lines) && strings.HasPrefix(m.lines[m.at], ">") {
		text = append(text, strings.TrimSpace(strings.TrimPrefix(m.lines[m.at], ">")))
		m.at++
	}
	m.element("blockquote", strings.Join(text, " "))
}

func (m *marker) paragraph() {
	text := []string{strings.TrimSpace(m.lines[m.at])}
	for m.at++; m.at < len(m.lines); m.at++ {
		line := m.lines[m.at]
		if strings.TrimSpace(line) == "" || headingForm.MatchString(line) || bulletForm.MatchString(line) ||
			numberForm.MatchString(line) || strings.HasPrefix(line, ">") || strings.HasPrefix(strings.TrimSpace(line), "```") {
			break
		}
		text = append(text, strings.TrimSpace(line))
	}
	m.element("p", strings.Join(text, " "))
}

var (
	strongForm = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	emForm     = regexp.MustCompile(`(^|[^\pL\pN*])\*([^*\s][^*]*)\*`)
	linkForm   = regexp.MustCompile(`\[([^\[\]]+)\]\(((?:https?://|/)[^\s()<>"]*)\)`)
)

// inline escapes text and marks up what is between backticks, stars and
// brackets. Code is taken first: nothing inside it is marked up.
func inline(text string) string {
	var out strings.Builder
	for i, part := range strings.Split(text, "`") {
		escaped := html.EscapeString(part)
		switch {
		case i%2 == 1 && i < strings.Count(text, "`"):
			out.WriteString("<code>" + escaped + "</code>")
			continue
		case i%2 == 1: // a backtick without its partner
			escaped = "`" + escaped
		}
		escaped = linkForm.ReplaceAllString(escaped, `<a href="$2" rel="noreferrer">$1</a>`)
		escaped = strongForm.ReplaceAllString(escaped, "<strong>$1</strong>")
		out.WriteString(emForm.ReplaceAllString(escaped, "$1<em>$2</em>"))
	}
	return out.String()
}
