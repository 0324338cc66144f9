package inference_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// silent is an answer that nobody reads.
type silent struct{ h http.Header }

func (s silent) Header() http.Header         { return s.h }
func (s silent) Write(b []byte) (int, error) { return len(b), nil }
func (s silent) WriteHeader(int)             {}

func benchmark(b *testing.B, path, body string) {
	h := both(b)
	if w := ask(h, "POST", path, body); w.Code != 200 {
		b.Fatal(w.Body)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	r := httptest.NewRequest("POST", path, http.NoBody)
	r.Header.Set("X-Request-Id", "bench")
	for b.Loop() {
		r.Body = readCloser{bytes.NewReader([]byte(body))}
		h.ServeHTTP(silent{http.Header{}}, r)
	}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

const oneRecord = `{"tenure":60,"charges":55.25,"senior":true,"contract":"two year","plan":"plus"}`

func BenchmarkOneRecord(b *testing.B) {
	benchmark(b, "/models/churn/invocations", `{"dataframe_records":[`+oneRecord+`]}`)
}

func BenchmarkHundredRecords(b *testing.B) {
	benchmark(b, "/models/churn/invocations", `{"dataframe_records":[`+strings.Repeat(oneRecord+",", 99)+oneRecord+`]}`)
}

func BenchmarkHundredRowsSplit(b *testing.B) {
	const row = `[60,55.25,true,"two year","plus"]`
	benchmark(b, "/models/churn/invocations", `{"dataframe_split":{"columns":["tenure","charges","senior","contract","plan"],"data":[`+strings.Repeat(row+",", 99)+row+`]}}`)
}
