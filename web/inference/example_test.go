package inference_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"gristmill/serving"
	"gristmill/web/inference"
)

// The door answers for every model that its host holds.
func Example() {
	store := newPlatform()
	store.deploy("price", 1, price()) // y = 3a - 2b

	loaded := make(chan struct{})
	host := serving.NewHost(store, store, "example", serving.HostConfig{Observe: func(e serving.Event) {
		if e.Kind == serving.Switched {
			close(loaded)
		}
	}})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- host.Run(ctx) }()
	<-loaded

	srv := httptest.NewServer(inference.New(host, inference.Config{}))
	for _, body := range []string{
		`{"dataframe_records":[{"a":5,"Lot Area":2}]}`,
		`{"dataframe_records":[{"a":"five","Lot Area":2}]}`,
	} {
		r, err := http.Post(srv.URL+"/models/price/invocations", "application/json", strings.NewReader(body))
		if err != nil {
			panic(err)
		}
		answer, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		_ = r.Body.Close()
		fmt.Printf("%d, version %s: %s\n", r.StatusCode, r.Header.Get("X-Gristmill-Model-Version"), round(answer))
	}
	srv.Close()
	stop()
	fmt.Println(<-ended)
	// Output:
	// 200, version 1: {"predictions":[11]}
	// 400, version 1: {"error_code":"BAD_REQUEST","message":"dataframe_records[0].a: expected whole number, got \"five\"","errors":[{"path":"dataframe_records[0].a","message":"dataframe_records[0].a: expected whole number, got \"five\""}]}
	// <nil>
}

// round writes the fit's 10.99999999918 as 11.
func round(answer []byte) string {
	return regexp.MustCompile(`10\.9999999\d+`).ReplaceAllString(strings.TrimSpace(string(answer)), "11")
}
