package inference

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gristmill"
	"gristmill/serving"
)

// Config are the parts of the door with useful zeros.
type Config struct {
	// Registry is where the door registers its metrics and what /metrics
	// shows; nil: one of its own.
	Registry *prometheus.Registry
	// Log gets a line for every request at level debug, and for every answer
	// of status 500 at level error; nil: nothing is logged.
	Log *slog.Logger
	// MaxBody is the largest body in bytes, also unpacked; 0: 100 MiB.
	MaxBody int64
	// MaxRead is the longest time that a body may take to arrive; 0: 2 min.
	MaxRead time.Duration
	// Version is ours, shown at /version and /v2.
	Version string
	// Token, if given, is the bearer token that all routes but the probes
	// want.
	Token string
}

type server struct {
	host      *serving.Host
	cfg       Config
	mux       *http.ServeMux
	table     []route
	contracts *contracts
	metrics   *metrics
	buffers   buffers
	scrape    http.Handler
	token     [sha256.Size]byte
}

// New returns the handler of the inference port. It routes to whatever the
// host holds at the time of a request.
func New(host *serving.Host, cfg Config) http.Handler {
	if cfg.Registry == nil {
		cfg.Registry = prometheus.NewRegistry()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = 100 << 20
	}
	if cfg.MaxRead <= 0 {
		cfg.MaxRead = 2 * time.Minute
	}
	s := &server{
		host: host, cfg: cfg, mux: http.NewServeMux(), table: routes(),
		contracts: &contracts{host: host},
		metrics:   newMetrics(cfg.Registry),
		scrape:    promhttp.HandlerFor(cfg.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true}),
		token:     sha256.Sum256([]byte(cfg.Token)),
	}
	for i := range s.table {
		rt := &s.table[i]
		s.mux.HandleFunc(rt.pattern(), func(w http.ResponseWriter, r *http.Request) { s.serve(rt, w, r) })
	}
	unrouted := &route{path: "/", do: (*server).unrouted, open: true}
	s.mux.HandleFunc(unrouted.path, func(w http.ResponseWriter, r *http.Request) { s.serve(unrouted, w, r) })
	return s.mux
}

// exchange is one request and its answer.
type exchange struct {
	w        http.ResponseWriter
	r        *http.Request
	rt       *route
	began    time.Time
	id       string
	model    string    // the model's name, once it is known to be deployed
	contract *contract // of the version that answers
	rows     int
	status   int // 0 until the answer begins
	err      error
}

func (x *exchange) write(status int, body []byte) {
	x.status = status
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // a caller that went away is nobody's error
}

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)

// serve answers one request; no panic leaves it but the one that cuts the
// connection of an answer that had begun.
func (s *server) serve(rt *route, w http.ResponseWriter, r *http.Request) {
	x := exchange{w: w, r: r, rt: rt, began: time.Now(), id: r.Header.Get("X-Request-Id")}
	if !requestIDForm.MatchString(x.id) {
		x.id = gristmill.NewID()
	}
	w.Header().Set("X-Request-Id", x.id)
	if rt.protocol != "" {
		s.metrics.inFlight.Inc()
	}
	defer func() {
		begun := x.status != 0
		p := recover()
		if p != nil && p != http.ErrAbortHandler {
			x.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			if !begun {
				s.fail(&x, x.err)
			}
			x.status = http.StatusInternalServerError // also where the caller has read another
		}
		if rt.protocol != "" {
			s.metrics.inFlight.Dec()
			s.metrics.count(&x)
		}
		s.log(&x)
		if p == http.ErrAbortHandler || p != nil && begun {
			panic(http.ErrAbortHandler)
		}
	}()
	err := s.authenticate(&x)
	if err == nil {
		err = rt.do(s, &x)
	}
	if err != nil {
		s.fail(&x, err)
	}
}

// authenticate checks the bearer token where one is wanted.
func (s *server) authenticate(x *exchange) error {
	if s.cfg.Token == "" || x.rt.open {
		return nil
	}
	scheme, given, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	got := sha256.Sum256([]byte(strings.TrimSpace(given)))
	if strings.EqualFold(scheme, "bearer") && subtle.ConstantTimeCompare(got[:], s.token[:]) == 1 {
		return nil
	}
	return gristmill.Errorf(gristmill.Unauthenticated, "this server wants its token: send Authorization: Bearer TOKEN")
}

func (s *server) log(x *exchange) {
	level := slog.LevelDebug
	if x.status == http.StatusInternalServerError || x.status == 0 {
		level = slog.LevelError
	}
	ctx := x.r.Context()
	if !s.cfg.Log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", x.id), slog.String("method", x.r.Method), slog.String("path", x.r.URL.Path),
		slog.Int("status", x.status), slog.Int("rows", x.rows), slog.Float64("seconds", time.Since(x.began).Seconds()),
	}
	if x.contract != nil {
		attrs = append(attrs, slog.String("model", x.model), slog.String("version", x.contract.number))
	}
	if x.err != nil {
		attrs = append(attrs, slog.String("error", x.err.Error()))
	}
	s.cfg.Log.LogAttrs(ctx, level, "inference request", attrs...)
}

// unrouted answers what no route takes: 405 where only the method is wrong.
func (s *server) unrouted(x *exchange) error {
	var allowed []string
	for _, method := range []string{get, post} {
		probe := *x.r
		probe.Method = method
		if _, pattern := s.mux.Handler(&probe); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if allowed != nil {
		x.w.Header().Set("Allow", strings.Join(allowed, ", "))
		return refuse(http.StatusMethodNotAllowed, "BAD_REQUEST", "%s takes %s, not %s",
			quote(x.r.URL.Path), strings.Join(allowed, ", "), quote(x.r.Method))
	}
	return refuse(http.StatusNotFound, "ENDPOINT_NOT_FOUND",
		"nothing is at %s; predictions are at POST /models/NAME/invocations and POST /v2/models/NAME/infer, all routes at GET /openapi.json",
		quote(x.r.URL.Path))
}

// LogEvents returns an observer for serving.HostConfig that writes the host's
// events to a log.
func LogEvents(log *slog.Logger) func(serving.Event) {
	levels := map[serving.EventKind]slog.Level{
		serving.LoadFailed: slog.LevelError, serving.StoreLost: slog.LevelWarn,
	}
	return func(e serving.Event) {
		attrs := []slog.Attr{slog.String("event", string(e.Kind))}
		if e.Model != "" {
			attrs = append(attrs, slog.String("model", e.Model), slog.Int("version", e.Version), slog.String("digest", string(e.Digest)))
		}
		if e.Took > 0 {
			attrs = append(attrs, slog.Float64("seconds", e.Took.Seconds()))
		}
		if e.Retry > 0 {
			attrs = append(attrs, slog.Float64("retry_seconds", e.Retry.Seconds()))
		}
		if e.Err != nil {
			attrs = append(attrs, slog.String("error", e.Err.Error()))
		}
		log.LogAttrs(context.Background(), levels[e.Kind], "serving", attrs...)
	}
}
