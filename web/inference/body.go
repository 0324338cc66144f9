package inference

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"gristmill"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
)

// buffers keeps the memory of bodies and answers from request to request.
type buffers struct{ pool sync.Pool }

// keep is the largest buffer that is kept: a rare giant must not stay.
const keep = 1 << 20

func (p *buffers) get() *bytes.Buffer {
	if b, ok := p.pool.Get().(*bytes.Buffer); ok {
		b.Reset()
		return b
	}
	return new(bytes.Buffer)
}

func (p *buffers) put(b *bytes.Buffer) {
	if b.Cap() <= keep {
		p.pool.Put(b)
	}
}

// media are the content types of a body.
type media uint8

const (
	mediaJSON media = iota
	mediaCSV
)

// mediaOf reads the Content-Type. No header means JSON.
func mediaOf(r *http.Request, csv bool) (media, error) {
	header := r.Header.Get("Content-Type")
	if header == "" || header == "application/json" {
		return mediaJSON, nil
	}
	accepted := "application/json"
	if csv {
		accepted += " or text/csv"
	}
	kind, params, err := mime.ParseMediaType(header)
	if err != nil && kind == "" {
		return 0, refuse(http.StatusUnsupportedMediaType, "BAD_REQUEST", "Content-Type: %s is no media type; expected %s", quote(header), accepted)
	}
	if set, ok := params["charset"]; ok && !strings.EqualFold(set, "utf-8") && !strings.EqualFold(set, "utf8") {
		return 0, refuse(http.StatusUnsupportedMediaType, "BAD_REQUEST", "Content-Type: charset %s is not supported; expected utf-8", quote(set))
	}
	switch {
	case kind == "application/json":
		return mediaJSON, nil
	case csv && (kind == "text/csv" || kind == "application/csv"):
		return mediaCSV, nil
	}
	return 0, refuse(http.StatusUnsupportedMediaType, "BAD_REQUEST", "Content-Type: %s is not supported; expected %s", quote(kind), accepted)
}

// read returns the whole body as a text, unpacked if it is gzip.
func (s *server) read(x *exchange) (string, error) {
	limit := s.cfg.MaxBody
	tooLarge := func() error {
		return refuse(http.StatusRequestEntityTooLarge, "BAD_REQUEST", "the body is larger than the limit of %s", size(limit))
	}
	if x.r.ContentLength > limit {
		x.w.Header().Set("Connection", "close")
		return "", tooLarge()
	}
	// A client that sends a byte now and then must not hold its memory
	// forever. What has no deadlines, in tests, needs none.
	conn := http.NewResponseController(x.w)
	_ = conn.SetReadDeadline(time.Now().Add(s.cfg.MaxRead))
	var from io.Reader = http.MaxBytesReader(x.w, x.r.Body, limit)
	switch enc := strings.ToLower(strings.TrimSpace(x.r.Header.Get("Content-Encoding"))); enc {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(from)
		if err != nil {
			return "", unreadable(err, tooLarge)
		}
		from = io.LimitReader(z, limit+1)
	default:
		return "", refuse(http.StatusUnsupportedMediaType, "BAD_REQUEST", "Content-Encoding: %s is not supported; expected gzip or none", quote(enc))
	}
	buf := s.buffers.get()
	defer s.buffers.put(buf)
	if _, err := buf.ReadFrom(from); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return "", refuse(http.StatusRequestTimeout, "BAD_REQUEST", "the body did not arrive within %s", s.cfg.MaxRead)
		}
		return "", unreadable(err, tooLarge)
	}
	_ = conn.SetReadDeadline(time.Time{})
	if int64(buf.Len()) > limit {
		return "", tooLarge()
	}
	body := buf.String() // a copy: the buffer goes back
	if !utf8.ValidString(body) {
		return "", gristmill.Errorf(gristmill.Invalid, "the body is not UTF-8 from byte %d on", validPrefix(body)+1)
	}
	return strings.TrimPrefix(body, "\ufeff"), nil
}

func unreadable(err error, tooLarge func() error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge()
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.EOF):
		return gristmill.Errorf(gristmill.Invalid, "Content-Encoding: the body is not gzip")
	default: // it broke off, or the gzip stream is damaged
		return gristmill.Hide(gristmill.Invalid, err, "the body could not be read to its end")
	}
}

func validPrefix(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(s)
}

func size(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// readCSV reads a body of CSV with a header line.
func readCSV(c *contract, body string) (*frame.Frame, error) {
	x, err := csv.Read(strings.NewReader(body), csv.Options{Schema: &c.inputs, Loose: true})
	var broken *frame.SchemaError
	var unread *csv.ReadError
	var ps problems
	switch {
	case err == nil:
		return x, nil
	case errors.As(err, &broken):
		for _, v := range broken.Violations {
			ps.add("", "%s", v.Msg)
			ps.list[len(ps.list)-1].Path = "column " + quote(v.Column)
			if v.Row > 0 {
				ps.list[len(ps.list)-1].Path = fmt.Sprintf("row %d, column %s", v.Row, quote(v.Column))
			}
		}
		ps.rest = broken.Total - len(ps.list)
	case errors.As(err, &unread):
		ps.add(unread.Place(), "%s", unread.Msg)
	default:
		return nil, fmt.Errorf("read csv: %w", err)
	}
	return nil, ps.err()
}
