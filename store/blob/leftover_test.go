package blob_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"gristmill/store/blob"
)

// TestAnAnswerToAnEarlierRequestIsNotTakenForOurs: a complaint about the rest of
// an earlier request comes as the answer to the next one, which is sent again; a
// real refusal of the request is not.
func TestAnAnswerToAnEarlierRequestIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var first string // the document of the first answer
	answer := func(document string) *httptest.Server {
		asked.Store(0)
		first = document
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				t.Error(err)
			}
			if asked.Add(1) == 1 {
				w.Header().Set("Server", "VERSITYGW")
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, first)
			}
		}))
		t.Cleanup(srv.Close)
		return srv
	}
	open := func(srv *httptest.Server) (*blob.S3, error) {
		return blob.OpenS3(t.Context(), blob.S3Config{Endpoint: srv.URL, AccessKey: "a", SecretKey: "b", Bucket: "bucket"})
	}
	leftover := `<?xml version="1.0" encoding="UTF-8"?><Error><Code>BadRequest</Code><Message>An error occurred when parsing the HTTP request.</Message></Error>`
	driver, err := open(answer(leftover)) // asks by HEAD, whose answer has no document
	if err != nil || asked.Load() != 2 {
		t.Errorf("%v after %d requests, want success at the second", err, asked.Load())
	}
	refusal := strings.ReplaceAll(leftover, "BadRequest", "InvalidBucketName")
	asked.Store(0)
	if err := driver.Write(t.Context(), "key", strings.NewReader("x"), 1, ""); err != nil || asked.Load() != 2 {
		t.Errorf("write: %v after %d requests, want success at the second", err, asked.Load())
	}
	if driver, err = open(answer("")); err != nil {
		t.Fatal(err)
	}
	first = refusal
	asked.Store(0)
	if err := driver.Write(t.Context(), "key", strings.NewReader("x"), 1, ""); err == nil || asked.Load() != 1 {
		t.Errorf("write: %v after %d requests, want a refusal at the first", err, asked.Load())
	}
}
