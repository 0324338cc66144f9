package inference_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gristmill/web/inference"
)

// ask sends a request to the handler; headers are pairs.
func ask(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// askChunked sends a body whose length nobody says.
func askChunked(h http.Handler, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/models/price/invocations", strings.NewReader(body))
	r.ContentLength = -1
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func zip(t *testing.T, body string) string {
	t.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.String()
}

func both(t testing.TB) http.Handler {
	p := newPlatform()
	p.deploy("churn", 3, churn(1))
	p.deploy("price", 1, price())
	_, h := serve(t, p, inference.Config{Version: "0.1.0"})
	return h
}

func TestAllBodyFormsGetTheSameAnswer(t *testing.T) {
	h := both(t)
	const path = "/models/churn/invocations"
	const records = `{"dataframe_records":[{"tenure":1,"charges":20.5,"senior":false,"contract":"month","plan":"basic"},{"tenure":60,"charges":null,"senior":true,"contract":"two year","plan":"plus"}]}`
	want := ask(h, "POST", path, records)
	if want.Code != 200 || !strings.HasPrefix(want.Body.String(), `{"predictions":["Yes","No"],"probabilities":[{"No":0.`) {
		t.Fatalf("%d %s", want.Code, want.Body)
	}
	if got := want.Header().Get("X-Gristmill-Model-Version"); got != "3" {
		t.Errorf("version header %q", got)
	}
	csv := "plan,contract,customerID,senior,charges,tenure\nbasic,month,7590,false,20.5,1\nplus,two year,\"a,\nb\",true,,60\n"
	for _, c := range []struct {
		name, body string
		headers    []string
	}{
		{"split", `{"dataframe_split":{"columns":["tenure","charges","senior","contract","plan"],"index":[7,8],"data":[[1,20.5,false,"month","basic"],[60,null,true,"two year","plus"]]}}`, nil},
		{"split, data first, other order, extra column", `{"dataframe_split":{"data":[["x","basic","month",false,20.5,1],["y","plus","two year",true,null,60]],"columns":["id","plan","contract","senior","charges","tenure"]}}`, nil},
		{"split in the signature's order", `{"dataframe_split":{"data":[[1,20.5,false,"month","basic"],[60,null,true,"two year","plus"]]}}`, nil},
		{"instances of objects", `{"instances":[{"plan":"basic","contract":"month","senior":false,"charges":20.5,"tenure":1},{"tenure":60,"senior":true,"contract":"two year","plan":"plus"}]}`, nil},
		{"instances of lists", `{"instances":[[1,20.5,false,"month","basic"],[60,null,true,"two year","plus"]],"params":{}}`, nil},
		{"inputs by column", `{"inputs":{"plan":["basic","plus"],"tenure":[1,60],"senior":[false,true],"charges":[20.5,null],"contract":["month","two year"],"id":[1,2]}}`, nil},
		{"inputs of records", `{"params":null,"inputs":[{"tenure":1.0,"charges":205e-1,"senior":false,"contract":"mo\u006eth","plan":"basic"},{"tenure":6e1,"senior":true,"contract":"two year","plan":"plus"}]}`, nil},
		{"csv", csv, []string{"Content-Type", "text/csv; charset=UTF-8"}},
		{"application/csv", "\ufeff" + csv, []string{"Content-Type", "application/csv"}},
		{"gzip", zip(t, records), []string{"Content-Encoding", "gzip", "Content-Type", "application/json; charset=utf-8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ask(h, "POST", path, c.body, c.headers...)
			if got.Code != 200 || got.Body.String() != want.Body.String() {
				t.Errorf("got %d %swant %s", got.Code, got.Body, want.Body)
			}
		})
	}
	t.Run("oip", func(t *testing.T) {
		got := ask(h, "POST", "/v2/models/churn/infer", `{"inputs":[
			{"name":"tenure","shape":[2],"datatype":"INT64","data":[1,60]},
			{"name":"charges","shape":[2,1],"datatype":"FP32","data":[[20.5],[null]]},
			{"data":[false,true],"name":"senior","shape":[2,1],"datatype":"BOOL","parameters":{"x":1}},
			{"name":"contract","shape":[2],"datatype":"BYTES","data":["month","two year"]},
			{"name":"ignored","shape":[9,9],"datatype":"FP64","data":[]},
			{"name":"plan","datatype":"BYTES","shape":[2],"data":["basic","plus"]}]}`)
		numbers := want.Body.String()
		numbers = numbers[strings.Index(numbers, `"probabilities":[`)+len(`"probabilities":[`) : strings.LastIndex(numbers, "]")]
		numbers = strings.NewReplacer(`{"No":`, "", `"Yes":`, "", "}", "").Replace(numbers)
		exp := `{"model_name":"churn","outputs":[{"name":"prediction","datatype":"BYTES","shape":[2],"data":["Yes","No"]},{"name":"probability","datatype":"FP64","shape":[2,2],"data":[` + numbers + "]}]}\n"
		if got.Code != 200 || got.Body.String() != exp {
			t.Errorf("got %d %swant %s", got.Code, got.Body, exp)
		}
	})
}
