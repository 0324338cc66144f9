package web_test

import (
	"fmt"
	"net/http/httptest"

	"gristmill/web"
)

func ExampleNew() {
	doors := web.New(web.Deps{}, web.Config{Version: "v1.2.3", Token: "s3cret"})
	for _, path := range []string{"/healthz", "/api/v1/version"} {
		w := httptest.NewRecorder()
		doors.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, w.Code)
	}
	// Output:
	// /healthz 200
	// /api/v1/version 401
}
