package blob

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// errLeftover says that an answer was not to the request that was sent.
var errLeftover = errors.New("the answer is to the rest of an earlier request on the same connection")

// leftovers turns one kind of answer into a broken connection, after which the
// client tries again on another one. A server that answers before it has read a
// request's body to its end (versitygw, for an object that it refuses) takes the
// rest for a request, and its complaint comes as the answer to whatever is sent
// next on that connection, which has done nothing wrong.
type leftovers struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l leftovers) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		return resp, err
	}
	if r.Method == http.MethodHead { // whose answer shows no document
		if resp.Header.Get("Server") != "VERSITYGW" {
			return resp, nil
		}
		_ = resp.Body.Close() // it is empty
		return nil, errLeftover
	}
	const most = 64 << 10 // an error's document is small
	text, err := io.ReadAll(io.LimitReader(resp.Body, most))
	_ = resp.Body.Close() // what matters of it was read
	if err != nil {
		return nil, err
	}
	if bytes.Contains(text, []byte("<Code>BadRequest</Code>")) && bytes.Contains(text, []byte("parsing the HTTP request")) {
		return nil, errLeftover
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	return resp, nil
}
