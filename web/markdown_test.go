package web

import (
	"regexp"
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"# A `b` **c** *d*": "<h2>A <code>b</code> <strong>c</strong> <em>d</em></h2>\n",
		"###### deep":       "<h6>deep</h6>\n",
		"one\ntwo\n\nthree": "<p>one two</p>\n<p>three</p>\n",
		"- a\n- b\n  more":  "<ul>\n<li>a</li>\n<li>b more</li>\n</ul>\n",
		"1. a\n2. b":        "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n",
		"| a | b |\n|---|--:|\n| 1 \\| x | `2` |": "<div class=\"scroll\"><table><thead><tr><th>a</th>\n<th>b</th>\n</tr>\n</thead><tbody><tr><td>1 | x</td>\n<td><code>2</code></td>\n</tr>\n</tbody></table></div>\n",
		"```\n<b> **x**\n```\nafter":              "<pre><code>&lt;b&gt; **x**\n</code></pre>\n<p>after</p>\n",
		"```\nnever closed":                       "<pre><code>never closed\n</code></pre>\n",
		"> a\n> b":                                "<blockquote>a b</blockquote>\n",
		"---":                                     "<hr>\n",
		"[x](https://a.example/b?c=d&e=f)":        "<p><a href=\"https://a.example/b?c=d&amp;e=f\" rel=\"noreferrer\">x</a></p>\n",
		"[x](javascript:alert(1))":                "<p>[x](javascript:alert(1))</p>\n",
		"[x](https://a\" onclick=\"b)":            "<p>[x](https://a&#34; onclick=&#34;b)</p>\n",
		"<img src=x onerror=alert(1)>":            "<p>&lt;img src=x onerror=alert(1)&gt;</p>\n",
		"`<b>` and a ` alone <i>":                 "<p><code>&lt;b&gt;</code> and a ` alone &lt;i&gt;</p>\n",
		"2 * 3 * 4, snake_case":                   "<p>2 * 3 * 4, snake_case</p>\n",
		"":                                        "",
	} {
		if got := string(markdown(source)); got != want {
			t.Errorf("%q\n got %q\nwant %q", source, got, want)
		}
	}
}

var allowedTag = regexp.MustCompile(`</?(h[2-6]|p|ul|ol|li|table|thead|tbody|tr|th|td|pre|code|blockquote|strong|em|hr)>|<div class="scroll">|</div>|</a>|<a href="(https?:/|/)[^"<>]*(</?(strong|em|code)>[^"<>]*)*" rel="noreferrer">`)

func FuzzMarkdownBringsNoTagsOfItsSource(f *testing.F) {
	for _, seed := range []string{evil, "# <b>", "[a](https://x/**b**)", "| a |\n|-|\n| <i> |", "```\n</code>", "*<*", "[`](/`)", "**[x](/y)**", "[*a](/b*c)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if rest := allowedTag.ReplaceAllString(string(markdown(source)), ""); strings.ContainsAny(rest, "<>") {
			t.Errorf("%q became %q", source, markdown(source))
		}
	})
}
