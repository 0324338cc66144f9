package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"gristmill"
)

type accessMetrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newAccessMetrics(reg prometheus.Registerer) *accessMetrics {
	m := &accessMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gristmill_http_requests_total",
			Help: "Answered HTTP requests by route, method and status code.",
		}, []string{"route", "method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "gristmill_http_request_duration_seconds",
			Help:    "Time from a request's arrival to the end of its answer, by route and method.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 12),
		}, []string{"route", "method"}),
	}
	reg.MustRegister(m.requests, m.seconds)
	return m
}

// access is what is known of a request while it is answered.
type access struct {
	id  string
	err error // the whole of the error that was answered, for the log
}

type accessKey struct{}

func accessOf(r *http.Request) *access {
	a, _ := r.Context().Value(accessKey{}).(*access)
	return a
}

func requestID(r *http.Request) string {
	if a := accessOf(r); a != nil {
		return a.id
	}
	return ""
}

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)

// answer records status and size of what was written.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// ServeHTTP identifies, measures, logs and guards a request, then routes it.
func (s *server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	began := s.now()
	a := &access{id: r.Header.Get("X-Request-Id")}
	if !requestIDForm.MatchString(a.id) {
		a.id = gristmill.NewID()
	}
	r = r.WithContext(context.WithValue(r.Context(), accessKey{}, a))
	w := &answer{ResponseWriter: rw}
	h := w.Header()
	h.Set("X-Request-Id", a.id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	_, pattern := s.mux.Handler(r)
	defer func() {
		aborted := s.recovered(w, r, recover())
		s.record(w, r, pattern, began, a.err)
		if aborted {
			panic(http.ErrAbortHandler) // the server cuts the connection
		}
	}()
	rt := s.byRoute[pattern]
	if err := s.guard(r, rt); err != nil {
		s.fail(w, r, err)
		return
	}
	if rt == nil {
		s.unrouted(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// recovered turns a panic into an answer. It reports whether the connection has
// to be cut because the answer had begun already.
func (s *server) recovered(w *answer, r *http.Request, p any) (aborted bool) {
	if p == nil {
		return false
	}
	if p == http.ErrAbortHandler {
		return true
	}
	err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	if w.status != 0 {
		accessOf(r).err = err
		return true
	}
	s.fail(w, r, err)
	return false
}

func (s *server) record(w *answer, r *http.Request, pattern string, began time.Time, err error) {
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	name, level := "unmatched", slog.LevelInfo
	if rt := s.byRoute[pattern]; rt != nil {
		name = rt.path
		if rt.quiet() {
			level = slog.LevelDebug
		}
	}
	method := r.Method
	switch method { // the label's values must be few
	case get, post, put, remove, http.MethodHead, http.MethodPatch, http.MethodOptions:
	default:
		method = "other"
	}
	took := s.now().Sub(began)
	s.metrics.requests.WithLabelValues(name, method, strconv.Itoa(status)).Inc()
	s.metrics.seconds.WithLabelValues(name, method).Observe(took.Seconds())
	attrs := []slog.Attr{
		slog.String("request_id", requestID(r)), slog.String("method", r.Method),
		slog.String("route", name), slog.String("path", r.URL.Path), slog.Int("status", status),
		slog.Int64("bytes", w.bytes), slog.Float64("seconds", took.Seconds()),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	if status >= 500 && level == slog.LevelInfo {
		level = slog.LevelError
	}
	s.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// serve runs a route: it checks path and query, bounds the body, and turns the
// endpoint's error into an answer.
func (s *server) serve(rt *route) http.Handler {
	success := rt.status
	if success == 0 {
		success = http.StatusOK
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := checkPath(r.URL.Path)
		if err == nil && !rt.page() {
			err = checkQuery(rt.query, r.URL.Query())
		}
		if err == nil {
			most := s.cfg.MaxBody
			if rt.do.upload {
				most = s.cfg.MaxUpload
			}
			r.Body = http.MaxBytesReader(w, r.Body, most)
			err = rt.do.serve(s, w, r, success)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

func checkPath(path string) error {
	if utf8.ValidString(path) && !strings.ContainsFunc(path, unicode.IsControl) {
		return nil
	}
	return gristmill.Errorf(gristmill.Invalid, "path: %q has bytes that are no printable UTF-8", path)
}

// unrouted answers what the mux has no route for: a redirect to the clean form
// of the path, 405 with the methods that would do, or 404.
func (s *server) unrouted(w http.ResponseWriter, r *http.Request) {
	h, _ := s.mux.Handler(r)
	probe := &probe{header: http.Header{}}
	h.ServeHTTP(probe, r)
	switch {
	case probe.status == http.StatusMethodNotAllowed:
		allow := probe.header.Get("Allow")
		s.fail(w, r, &statusError{status: probe.status, allow: allow, cause: gristmill.Errorf(
			gristmill.Invalid, "%s does not take %s; allowed: %s", r.URL.Path, r.Method, allow)})
	case probe.header.Get("Location") != "":
		w.Header().Set("Location", probe.header.Get("Location"))
		w.WriteHeader(probe.status)
	default:
		s.fail(w, r, gristmill.Errorf(gristmill.NotFound, "nothing is at %s; the routes are listed in %s/openapi.json", r.URL.Path, api))
	}
}

// probe takes an answer without sending it.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) WriteHeader(status int)      { p.status = status }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
