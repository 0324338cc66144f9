package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"gristmill"
)

// Config are a client's settings.
type Config struct {
	Token string       // the server's bearer token; "" sends none
	HTTP  *http.Client // nil means one without a time limit: long polls end with their context
}

// Client talks to one server. It may be used by many goroutines.
type Client struct {
	base  string // without a slash at its end
	token string
	http  *http.Client
}

// New returns a client of the server at baseURL, such as
// "http://127.0.0.1:5000". It asks nothing yet.
func New(baseURL string, cfg Config) (*Client, error) {
	u, err := url.Parse(baseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, gristmill.Errorf(gristmill.Invalid, "server: %q is no address of a server; expected e.g. http://127.0.0.1:5000", baseURL)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, gristmill.Errorf(gristmill.Invalid, "server: %q has more than scheme, host, port and path", u.Redacted())
	}
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{}
	}
	return &Client{base: strings.TrimRight(u.String(), "/"), token: cfg.Token, http: cfg.HTTP}, nil
}

// Server returns the address that the client talks to.
func (c *Client) Server() string { return c.base }

const api = "/api/v1"

// request is one call.
type request struct {
	method string
	path   string // escaped, below the base
	query  url.Values
	body   io.Reader
	media  string // of the body
	size   int64  // of the body; 0 means unknown
	header map[string]string
}

// call sends a JSON value, if in is not nil, and decodes the answer into out.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	req := request{method: method, path: path, query: query}
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return gristmill.Errorf(gristmill.Invalid, "what should be sent is no JSON: %w", err)
		}
		req.body, req.media, req.size = bytes.NewReader(b), "application/json", int64(len(b))
	}
	resp, err := c.send(ctx, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "application/json" {
		return gristmill.Errorf(gristmill.Unavailable, "%s is no gristmill server: it answers %s, not JSON", c.base, strconv.Quote(media))
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return gristmill.Hide(gristmill.Unavailable, err, "the answer of %s broke off or is none of gristmill's", c.base)
	}
	return nil
}

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.call(ctx, http.MethodGet, path, query, nil, out)
}

// send sends a request and returns an answer below 300; everything else is an
// error.
func (c *Client) send(ctx context.Context, req request) (*http.Response, error) {
	address := c.base + req.path
	if len(req.query) > 0 {
		address += "?" + req.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, req.method, address, req.body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if req.size > 0 {
		r.ContentLength = req.size
	}
	if req.media != "" {
		r.Header.Set("Content-Type", req.media)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for k, v := range req.header {
		r.Header.Set(k, v)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, c.refused(resp)
}

// unreachable says why there is no answer at all.
func (c *Client) unreachable(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, syscall.ECONNREFUSED):
		return gristmill.Hide(gristmill.Unavailable, err, "no gristmill server at %s; start one with `gristmill up` or set --server", c.base)
	default:
		return gristmill.Hide(gristmill.Unavailable, err, "the server at %s does not answer: %s", c.base, cause(err))
	}
}

// cause is the innermost text of a transport's error: the outer layers repeat
// method and address.
func cause(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// kinds gives the kind of an error by its status, for answers that are none of
// ours (a proxy's).
var kinds = map[int]gristmill.Kind{
	http.StatusBadRequest:         gristmill.Invalid,
	http.StatusUnauthorized:       gristmill.Unauthenticated,
	http.StatusForbidden:          gristmill.Forbidden,
	http.StatusNotFound:           gristmill.NotFound,
	http.StatusConflict:           gristmill.Conflict,
	http.StatusPreconditionFailed: gristmill.Precondition,
	http.StatusTooManyRequests:    gristmill.Exhausted,
	http.StatusBadGateway:         gristmill.Unavailable,
	http.StatusServiceUnavailable: gristmill.Unavailable,
	http.StatusGatewayTimeout:     gristmill.Unavailable,
}

// refused decodes an answer that is an error.
func (c *Client) refused(resp *http.Response) error {
	var body struct {
		Error struct {
			Kind      gristmill.Kind      `json:"kind"`
			Message   string              `json:"message"`
			Problems  []gristmill.Problem `json:"problems"`
			RequestID string              `json:"request_id"`
		} `json:"error"`
	}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if json.Unmarshal(b, &body) == nil && body.Error.Kind != "" {
		e := &gristmill.Error{Kind: body.Error.Kind, Msg: body.Error.Message, Problems: body.Error.Problems}
		if e.Kind == gristmill.Internal {
			e.Msg += " (request " + body.Error.RequestID + ")"
		}
		return e
	}
	kind, ok := kinds[resp.StatusCode]
	if !ok {
		kind = gristmill.Unavailable
	}
	return gristmill.Errorf(kind, "%s answers %s, not as a gristmill server does", c.base, resp.Status)
}

// download copies an answer's bytes to w and checks their digest, which the
// server tells beforehand.
func (c *Client) download(ctx context.Context, path string, w io.Writer) error {
	resp, err := c.send(ctx, request{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, sum), resp.Body); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return gristmill.Hide(gristmill.Unavailable, err,
			"the download broke off: the stored bytes may be corrupt; the log of the server has the details")
	}
	want, got := resp.Header.Get("X-Content-Sha256"), hex.EncodeToString(sum.Sum(nil))
	if want != "" && got != want {
		return gristmill.Errorf(gristmill.Unavailable, "the download has the digest %s, the server says %s; try again", got, want)
	}
	return nil
}

// escape makes a path from parts; those after the first are escaped, keeping
// their slashes.
func escape(prefix string, parts ...string) string {
	var b strings.Builder
	b.WriteString(api + prefix)
	for _, p := range parts {
		b.WriteByte('/')
		for i, segment := range strings.Split(p, "/") {
			if i > 0 {
				b.WriteByte('/')
			}
			if segment == "." || segment == ".." { // which would be resolved on the way
				segment = strings.ReplaceAll(segment, ".", "%2E")
			} else {
				segment = url.PathEscape(segment)
			}
			b.WriteString(segment)
		}
	}
	return b.String()
}

// paged is a page's query.
func paged(p gristmill.Page) url.Values {
	q := url.Values{}
	if p.Limit > 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	return with(q, "page_token", p.Token)
}

// with sets a key unless its value is empty.
func with(q url.Values, key, value string) url.Values {
	if value != "" {
		q.Set(key, value)
	}
	return q
}

// Version describes the server.
type Version struct {
	Version    string `json:"version"`
	Go         string `json:"go"`
	Project    string `json:"project"`
	TemporalUI string `json:"temporal_ui,omitempty"` // base URL
	Inference  string `json:"inference,omitempty"`   // base URL
}

// Version asks the server who it is.
func (c *Client) Version(ctx context.Context) (v Version, err error) {
	return v, c.get(ctx, api+"/version", nil, &v)
}

// Ready returns nil if every part of the server is up, else an Unavailable
// error whose problems are the reasons.
func (c *Client) Ready(ctx context.Context) error {
	var out struct{}
	return c.get(ctx, "/readyz", nil, &out)
}
