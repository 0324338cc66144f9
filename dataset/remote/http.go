package remote

import (
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/frame"
)

// HTTPConfig bounds what web servers may do to us; zero fields mean the defaults.
type HTTPConfig struct {
	Headers  time.Duration // until the answer's headers are there; 0 means 30 s
	Stall    time.Duration // of an answer that stops or drips; 0 means 60 s
	MaxBytes int64         // of an answer, decoded; 0 means 4 GiB
	TLS      *tls.Config   // nil means the system's authorities
}

// HTTP is the source of web servers. Make one with NewHTTP.
type HTTP struct {
	cfg     HTTPConfig
	secrets dataset.Secrets
	client  *http.Client
}

const (
	maxRedirects = 5
	// drip is how many bytes a second an answer must bring in the long run, while
	// we wait for it: less is a server that holds us.
	drip = 1 << 10
	// An answer in gzip may grow so many times, beyond the first bytes.
	maxRatio, ratioFrom = 200, 64 << 20
)

// NewHTTP returns a source that connects within reach and finds the credentials
// that addresses name by secrets.
func NewHTTP(reach *Reach, secrets dataset.Secrets, cfg HTTPConfig) *HTTP {
	cfg.Headers = cmp.Or(cfg.Headers, 30*time.Second)
	cfg.Stall = cmp.Or(cfg.Stall, 60*time.Second)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 4<<30)
	transport := &http.Transport{
		DialContext: reach.DialContext, TLSClientConfig: cfg.TLS, TLSHandshakeTimeout: 10 * time.Second,
		ResponseHeaderTimeout: cfg.Headers, MaxResponseHeaderBytes: 64 << 10,
		DisableCompression: true, // encodings are undone here, within limits
		DisableKeepAlives:  true, // one dial, and one judgement, for each request
		ForceAttemptHTTP2:  true,
	}
	return &HTTP{cfg: cfg, secrets: secrets, client: &http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Open asks for the address and returns the answer's bytes as they come. An
// answer that breaks off, stalls or grows over the limit is an error of Read.
func (h *HTTP) Open(ctx context.Context, s dataset.SourceSpec) (io.ReadCloser, error) {
	header, err := h.header(ctx, s)
	if err != nil {
		return nil, err
	}
	text, err := h.secrets.Resolve(ctx, s.URL)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(strings.TrimSpace(text))
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" { // the cause would show a secret address
		return nil, gristmill.Errorf(gristmill.Invalid, "source %s: not a whole http:// or https:// address", s)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r, err := h.follow(ctx, s, at, header, cancel)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	return r, nil
}

// header returns the headers that the address asks for, secrets resolved.
func (h *HTTP) header(ctx context.Context, s dataset.SourceSpec) (http.Header, error) {
	header := http.Header{}
	if s.HTTP == nil {
		return header, nil
	}
	for key, value := range s.HTTP.Headers {
		v, err := h.secrets.Resolve(ctx, value)
		if err != nil {
			return nil, err
		}
		header.Set(key, v)
	}
	if s.HTTP.Bearer != "" {
		v, err := h.secrets.Resolve(ctx, s.HTTP.Bearer)
		if err != nil {
			return nil, err
		}
		header.Set("Authorization", "Bearer "+v)
	}
	for key, values := range header {
		if strings.ContainsFunc(values[0], func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return nil, gristmill.Errorf(gristmill.Invalid, "source %s: the secret of the header %s holds a line end or another control character", s, key)
		}
	}
	return header, nil
}

// follow asks, and follows redirects. The headers, which may be credentials, go
// to the first origin only.
func (h *HTTP) follow(ctx context.Context, s dataset.SourceSpec, at *url.URL, header http.Header, cancel context.CancelCauseFunc) (io.ReadCloser, error) {
	first := origin(at)
	for hop := 0; ; hop++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
		if err != nil {
			return nil, gristmill.Errorf(gristmill.Invalid, "source %s: no request can be made of the address", s)
		}
		if origin(at) == first {
			req.Header = header.Clone()
		}
		req.Header.Set("Accept-Encoding", "identity")
		if req.Header.Get("User-Agent") == "" {
			req.Header.Set("User-Agent", "gristmill")
		}
		resp, err := h.client.Do(req)
		if err != nil {
			return nil, h.failed(ctx, s, at, err)
		}
		next, err := location(s, at, resp)
		if next == nil && err == nil {
			return h.body(ctx, s, resp, cancel)
		}
		_ = resp.Body.Close() // nothing of it is wanted
		if err != nil {
			return nil, err
		}
		if hop == maxRedirects {
			return nil, gristmill.Errorf(gristmill.Invalid, "source %s: more than %d redirects", s, maxRedirects)
		}
		at = next
	}
}

func origin(u *url.URL) string {
	return u.Scheme + "://" + net.JoinHostPort(canonicalHost(u.Hostname()), cmp.Or(u.Port(), defaultPort(u.Scheme)))
}

// location returns where an answer points, nil if it is the answer itself, and
// the error that its status is.
func location(s dataset.SourceSpec, at *url.URL, resp *http.Response) (*url.URL, error) {
	switch code := resp.StatusCode; code {
	case http.StatusOK, http.StatusNonAuthoritativeInfo:
		return nil, nil
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, gristmill.Errorf(statusKind(code), "source %s: %s answers %s", s, shown(s, at), strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code))))
	}
	next, err := at.Parse(resp.Header.Get("Location"))
	switch {
	case err != nil || resp.Header.Get("Location") == "" || next.Host == "":
		return nil, gristmill.Errorf(gristmill.Invalid, "source %s: %s redirects to no readable address", s, shown(s, at))
	case next.Scheme != "http" && next.Scheme != "https":
		return nil, gristmill.Errorf(gristmill.Forbidden, "source %s: a redirect to a %s: address is not followed", s, frame.Shorten(next.Scheme))
	case at.Scheme == "https" && next.Scheme == "http":
		return nil, gristmill.Errorf(gristmill.Forbidden, "source %s: a redirect from https to http is not followed", s)
	}
	next.User, next.Fragment = nil, ""
	return next, nil
}

// shown is a server as a message may name it: not at all where the address is
// a secret.
func shown(s dataset.SourceSpec, at *url.URL) string {
	if _, hidden := dataset.IsSecret(s.URL); hidden {
		return "the server of the address"
	}
	return "the server " + at.Host
}

func statusKind(code int) gristmill.Kind {
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusProxyAuthRequired:
		return gristmill.Forbidden
	case code == http.StatusNotFound, code == http.StatusGone:
		return gristmill.NotFound
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code == http.StatusTooEarly:
		return gristmill.Unavailable
	default:
		return gristmill.Invalid
	}
}

// failed gives a request without an answer its kind. The cause is kept without
// the address, which may be a secret.
func (h *HTTP) failed(ctx context.Context, s dataset.SourceSpec, at *url.URL, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	host, hidden := shown(s, at), strings.HasPrefix(s.URL, "secret://")
	var known *gristmill.Error
	switch {
	case !errors.As(err, &known):
	case hidden:
		return gristmill.Errorf(known.Kind, "source %s: the secret address leads to a machine that specs may not reach; start the worker with --allow-url to allow it", s)
	default:
		return gristmill.Errorf(known.Kind, "source %s: %s", s, known.Public())
	}
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err
	}
	var name *net.DNSError
	var record tls.RecordHeaderError
	var cert *tls.CertificateVerificationError
	cause := err
	if hidden {
		err = errors.New("not shown: the address is a secret")
	}
	switch {
	case errors.As(cause, &name) && name.IsNotFound:
		return gristmill.Hide(gristmill.Invalid, err, "source %s: the name service knows no address of %s", s, host)
	case errors.As(cause, &cert):
		return gristmill.Hide(gristmill.Invalid, err, "source %s: the certificate of %s is not valid", s, host)
	case errors.As(cause, &record), errors.Is(cause, http.ErrSchemeMismatch):
		return gristmill.Hide(gristmill.Invalid, err, "source %s: %s does not speak https", s, host)
	}
	return gristmill.Hide(gristmill.Unavailable, err, "source %s: %s does not answer", s, host)
}

// body is the bytes of an answer, decoded and watched.
func (h *HTTP) body(ctx context.Context, s dataset.SourceSpec, resp *http.Response, cancel context.CancelCauseFunc) (io.ReadCloser, error) {
	if resp.ContentLength > h.cfg.MaxBytes {
		_ = resp.Body.Close() // nothing of it is wanted
		return nil, tooLarge(s, h.cfg.MaxBytes)
	}
	b := &httpBody{ctx: ctx, source: s, resp: resp, cancel: cancel, cfg: h.cfg}
	b.plain = readerFunc(b.readRaw)
	switch encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(b.plain)
		if err != nil {
			err = b.damaged(err)
			_ = b.Close() // the error says why
			return nil, err
		}
		b.plain, b.zipped = z, true
	default:
		_ = b.Close() // nothing of it is wanted
		return nil, gristmill.Errorf(gristmill.Invalid, "source %s: the answer has the Content-Encoding %q; expected none or gzip", s, frame.Shorten(encoding))
	}
	return b, nil
}

func tooLarge(s dataset.SourceSpec, most int64) error {
	return gristmill.Errorf(gristmill.Invalid, "source %s: larger than the limit of %d bytes", s, most)
}

type readerFunc func([]byte) (int, error)

// Read calls f.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// httpBody reads an answer within its limits.
type httpBody struct {
	ctx    context.Context
	source dataset.SourceSpec
	resp   *http.Response
	cancel context.CancelCauseFunc
	cfg    HTTPConfig
	plain  io.Reader // the bytes, decoded
	zipped bool

	raw, out int64 // bytes received, and passed on
	waited   time.Duration
	brought  int64 // bytes received within waited
	err      error
}

// errStalled is the cause of an answer that was given up.
var errStalled = errors.New("the answer stalled")

// readRaw reads what the server sends and gives up on one that sends nothing or
// next to nothing. Only the time that is spent waiting for it counts.
func (b *httpBody) readRaw(p []byte) (int, error) {
	began := time.Now()
	alarm := time.AfterFunc(b.cfg.Stall, func() { b.cancel(errStalled) })
	n, err := b.resp.Body.Read(p)
	alarm.Stop()
	b.raw += int64(n)
	b.waited += time.Since(began)
	b.brought += int64(n)
	if b.waited >= b.cfg.Stall {
		if err == nil && float64(b.brought) < drip*b.waited.Seconds() {
			b.cancel(errStalled)
			err = errStalled
		}
		b.waited, b.brought = 0, 0
	}
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	switch cause := context.Cause(b.ctx); {
	case errors.Is(cause, errStalled):
		return n, gristmill.Hide(gristmill.Unavailable, err, "source %s: the answer stalled after %d bytes", b.source, b.raw)
	case cause != nil:
		return n, b.ctx.Err()
	}
	of := ""
	if b.resp.ContentLength > 0 {
		of = fmt.Sprintf(" of %d", b.resp.ContentLength)
	}
	return n, gristmill.Hide(gristmill.Unavailable, err, "source %s: the answer broke off after %d%s bytes", b.source, b.raw, of)
}

// Read implements io.Reader. After an error it stays with it.
func (b *httpBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.plain.Read(p)
	b.out += int64(n)
	switch {
	case b.out > b.cfg.MaxBytes:
		n, err = 0, tooLarge(b.source, b.cfg.MaxBytes)
	case b.zipped && b.out > ratioFrom && b.out/maxRatio > b.raw:
		n, err = 0, gristmill.Errorf(gristmill.Invalid, "source %s: the gzip data grow more than %d-fold, the limit", b.source, maxRatio)
	case err != nil && !errors.Is(err, io.EOF):
		err = b.damaged(err)
	}
	b.err = err
	return n, err
}

// damaged gives what a decoder found its kind.
func (b *httpBody) damaged(err error) error {
	var known *gristmill.Error
	switch {
	case errors.As(err, &known), b.ctx.Err() != nil:
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return gristmill.Hide(gristmill.Unavailable, err, "source %s: the answer broke off after %d bytes", b.source, b.raw)
	default:
		return gristmill.Hide(gristmill.Invalid, err, "source %s: the answer's gzip encoding is damaged", b.source)
	}
}

// Close ends the request.
func (b *httpBody) Close() error {
	b.cancel(nil)
	return b.resp.Body.Close()
}
