package inference_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// fuzz sends whatever is made of the seeds: no answer is a 500 or no JSON, and
// a 200 to JSON means that it was JSON.
func fuzz(f *testing.F, h http.Handler, path, kind string) {
	f.Fuzz(func(t *testing.T, body string) {
		w := ask(h, "POST", path, body, "Content-Type", kind)
		if w.Code != 200 && w.Code != 400 && w.Code != 415 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("the answer is not JSON: %s", w.Body)
		}
		if w.Code == 200 && kind == "application/json" && !json.Valid([]byte(strings.TrimPrefix(body, "\ufeff"))) {
			t.Errorf("what is not JSON got %s", w.Body)
		}
	})
}

func seed(f *testing.F, protocol string) {
	_, list := badCases(f)
	for _, c := range list {
		if strings.HasPrefix(c.path, protocol) {
			f.Add(c.body)
		}
	}
}

func FuzzScoring(f *testing.F) {
	seed(f, "/models/")
	f.Add(`{"instances":[[1,20.5,false,"mo\u006e\ud83d\ude00th\n","basic"]]}`)
	f.Add(`{"inputs":{"plan":["basic"],"tenure":[1],"senior":[false],"charges":[null],"contract":["month"]}}`)
	fuzz(f, both(f), "/models/churn/invocations", "application/json")
}

func FuzzScoringCSV(f *testing.F) {
	seed(f, "/models/")
	f.Add("tenure,charges,senior,contract,plan\n1,2,true,\"mo\"\"nth\",plus\r\n")
	fuzz(f, both(f), "/models/churn/invocations", "text/csv")
}

func FuzzInfer(f *testing.F) {
	seed(f, "/v2/")
	f.Add(`{"id":"x","inputs":[{"name":"a","shape":[3],"datatype":"FP64","data":[1,2.0,-0.5e1]},{"data":[[1],[2],[3]],"name":"Lot Area","shape":[3,1],"datatype":"INT32"}]}`)
	fuzz(f, both(f), "/v2/models/price/infer", "application/json")
}

func FuzzInferTimes(f *testing.F) {
	f.Add(`{"inputs":[{"name":"at","shape":[2],"datatype":"BYTES","data":["1970-01-02","1970-01-01T00:00:03Z"]},{"name":"seen","shape":[2,1],"datatype":"INT64","data":[[null],[-1000000]]},{"name":"day","shape":[2],"datatype":"BYTES","data":[null,null]}]}`)
	f.Add(`{"inputs":[{"name":"at","shape":[1],"datatype":"INT64","data":["x"]}]}`)
	fuzz(f, clocks(f), "/v2/models/clock/infer", "application/json")
}
