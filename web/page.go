package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"gristmill"
)

//go:embed page
var pageFiles embed.FS

// pages renders HTML: one layout, one template a page.
type pages struct {
	cfg   Config
	byTop map[string]*template.Template
	style string // name of the style sheet, with its digest
	files map[string]staticFile
}

type staticFile struct {
	media string
	bytes []byte
}

// view is what the layout shows.
type view struct {
	Title   string
	Nav     string // the entry of the navigation that is current
	Refresh int    // seconds after which the browser loads the page again; 0: never
	Style   string
	Version string
	Project string
	Data    any
}

func newPages(cfg Config) *pages {
	p := &pages{cfg: cfg, byTop: map[string]*template.Template{}, files: map[string]staticFile{}}
	css := mustRead("page/style.css")
	p.style = "style-" + gristmill.DigestOf(css).Short() + ".css"
	p.files[p.style] = staticFile{"text/css; charset=utf-8", css}
	p.files["icon.svg"] = staticFile{"image/svg+xml", mustRead("page/icon.svg")}
	layout := template.Must(template.New("layout.html").Funcs(p.funcs()).ParseFS(pageFiles, "page/layout.html", "page/parts.html", "page/report.html"))
	names, err := pageFiles.ReadDir("page")
	if err != nil {
		panic(err) // the files are part of the program
	}
	for _, f := range names {
		name, isPage := strings.CutSuffix(f.Name(), ".html")
		if !isPage || name == "layout" || name == "parts" || name == "report" {
			continue
		}
		p.byTop[name] = template.Must(template.Must(layout.Clone()).ParseFS(pageFiles, "page/"+f.Name()))
	}
	return p
}

func mustRead(name string) []byte {
	b, err := pageFiles.ReadFile(name)
	if err != nil {
		panic(err) // the files are part of the program
	}
	return b
}

// policy forbids everything but our own style sheet and pictures: no script
// runs on these pages, whatever a user's data holds. A form may ask us for
// another page.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// show renders a page as a whole before its first byte is sent.
func (p *pages) show(w http.ResponseWriter, status int, name string, v view) error {
	v.Style, v.Version, v.Project = p.style, p.cfg.Version, p.cfg.Project
	var b bytes.Buffer
	if err := p.byTop[name].ExecuteTemplate(&b, "layout.html", v); err != nil {
		return fmt.Errorf("render page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a caller that is gone cannot be told
	return nil
}

// fail shows an error as a page.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, status int, info ErrorInfo) {
	v := view{Title: fmt.Sprintf("%d %s", status, http.StatusText(status)), Data: struct {
		ErrorInfo
		Status int
		Path   string
	}{info, status, r.URL.Path}}
	if err := p.show(w, status, "error", v); err != nil {
		http.Error(w, info.Message, status)
	}
}

func (s *server) staticFile(w http.ResponseWriter, r *http.Request) error {
	f, ok := s.pages.files[r.PathValue("file")]
	if !ok {
		return gristmill.Errorf(gristmill.NotFound, "nothing is at %s", r.URL.Path)
	}
	cache := "public, max-age=86400"
	if strings.HasPrefix(r.PathValue("file"), "style-") { // its name changes with its bytes
		cache = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Content-Type", f.media)
	w.Header().Set("Cache-Control", cache)
	_, _ = w.Write(f.bytes)
	return nil
}

// pageSize is how many rows a list's page shows.
const pageSize = 50

// pager links to the next page of a list.
type pager struct {
	First string // address of the first page, "" on it
	Next  string // address of the next page, "" on the last
}

func newPager(r *http.Request, next string) pager {
	var p pager
	q := r.URL.Query()
	if q.Get("page_token") != "" {
		q.Del("page_token")
		p.First = r.URL.Path + "?" + q.Encode()
	}
	if next != "" {
		q.Set("page_token", next)
		p.Next = r.URL.Path + "?" + q.Encode()
	}
	return p
}

func listPage(r *http.Request) gristmill.Page {
	return gristmill.Page{Limit: pageSize, Token: r.URL.Query().Get("page_token")}
}

// refreshWhile asks the browser to load a page again soon while something on it
// still changes.
func refreshWhile(changing bool) int {
	if changing {
		return 3
	}
	return 0
}

// span is the time between two moments; an end that is not there yet is now.
func span(from time.Time, to *time.Time, now time.Time) time.Duration {
	if to != nil {
		now = *to
	}
	return max(0, now.Sub(from))
}
