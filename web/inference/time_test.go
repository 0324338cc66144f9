package inference_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"gristmill/ml/bundle"
	"gristmill/ml/frame"
	"gristmill/serving"
	"gristmill/web/inference"
)

// clock answers with what it was given: the seconds of its column "at", and a
// thousand seconds of "seen" if that is not null.
type clock struct{}

func (clock) Signature() frame.Signature {
	return frame.Signature{Inputs: frame.Schema{Fields: []frame.Field{
		{Name: "at", Type: frame.Timestamp}, {Name: "seen", Type: frame.Timestamp, Nullable: true}, {Name: "day", Type: frame.Timestamp, Nullable: true, Format: "%d.%m.%Y"}}},
		Outputs: frame.Schema{Fields: []frame.Field{{Name: "prediction", Type: frame.Float64}}}}
}

func (c clock) Predict(_ context.Context, x *frame.Frame) (serving.Answer, error) {
	x, err := bundle.Conform(x, c.Signature().Inputs)
	if err != nil {
		return serving.Answer{}, err
	}
	a := serving.Answer{Values: make([]float64, x.Rows())}
	for i := range a.Values {
		a.Values[i] = x.At(0).Float(i)
		if !x.At(1).IsNull(i) {
			a.Values[i] += 1000 * x.At(1).Float(i)
		}
		if !x.At(2).IsNull(i) {
			a.Values[i] += x.At(2).Float(i)
		}
	}
	return a, nil
}

func (c clock) Example() (*frame.Frame, *serving.Answer) {
	b := frame.NewBuilder(c.Signature().Inputs, 1)
	_ = b.Time(0, 0)
	b.Null(1)
	b.Null(2)
	f, _ := b.Frame()
	return f, nil
}

func clocks(t testing.TB) http.Handler {
	t.Helper()
	p := newPlatform()
	p.deploy("clock", 1, []byte("clock"))
	settled := make(chan struct{}, 1)
	host := serving.NewHost(p, p, "test", serving.HostConfig{
		Unpack: func([]byte) (serving.Predictor, error) { return clock{}, nil },
		Observe: func(e serving.Event) {
			if e.Kind == serving.Switched || e.Kind == serving.LoadFailed {
				select {
				case settled <- struct{}{}:
				default:
				}
			}
		}})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = host.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	select {
	case <-settled:
	case <-time.After(30 * time.Second):
		t.Fatal("the model was neither loaded nor refused within 30 s")
	}
	return inference.New(host, inference.Config{})
}

func TestTimesAreReadInEveryForm(t *testing.T) {
	h := clocks(t)
	const scoring, infer = "/models/clock/invocations", "/v2/models/clock/infer"
	for _, c := range []struct{ name, path, body, kind, want string }{
		{"records", scoring, `{"dataframe_records":[{"at":"1970-01-02","seen":null,"day":null},{"at":"1970-01-01T00:00:01.5Z","seen":"1970-01-01 02:00:01+02:00","day":"1970-01-02"}]}`, "", `{"predictions":[86400,87401.5]}`},
		{"split", scoring, `{"dataframe_split":{"columns":["at","seen","day"],"data":[["1970-01-01T00:01",null,null]]}}`, "", `{"predictions":[60]}`},
		{"inputs by column", scoring, `{"inputs":{"at":["1969-12-31T23:59:59Z"],"seen":[null],"day":[null]}}`, "", `{"predictions":[-1]}`},
		{"csv, in the format that the training data had", scoring, "day,at,seen\n02.01.1970,1970-01-01T00:00:02Z,\n", "text/csv", `{"predictions":[86402]}`},
		{"oip, texts and microseconds", infer, `{"inputs":[{"name":"at","shape":[2],"datatype":"BYTES","data":["1970-01-02","1970-01-01T00:00:03Z"]},{"name":"seen","shape":[2,1],"datatype":"INT64","data":[[null],[-1000000]]},{"name":"day","shape":[2],"datatype":"BYTES","data":[null,null]}]}`, "",
			`{"model_name":"clock","outputs":[{"name":"prediction","datatype":"FP64","shape":[2],"data":[86400,-997]}]}`},
	} {
		var headers []string
		if c.kind != "" {
			headers = []string{"Content-Type", c.kind}
		}
		w := ask(h, "POST", c.path, c.body, headers...)
		if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != c.want {
			t.Errorf("%s: %d %s, want %s", c.name, w.Code, got, c.want)
		}
	}
}

func TestTimesThatAreNoneAreNamed(t *testing.T) {
	h := clocks(t)
	const scoring, infer = "/models/clock/invocations", "/v2/models/clock/infer"
	tensor := func(datatype, data string) string {
		return `{"inputs":[{"name":"at","shape":[1],"datatype":"` + datatype + `","data":[` + data + `]},{"name":"seen","shape":[1],"datatype":"BYTES","data":[null]},{"name":"day","shape":[1],"datatype":"BYTES","data":[null]}]}`
	}
	for _, c := range []struct {
		path, body, kind string
		want             []string
	}{
		{scoring, `{"dataframe_records":[{"at":"soon","seen":1699999999,"day":"02.01.1970"},{"at":null,"seen":true,"day":[]}]}`, "", []string{
			`dataframe_records[0].at: expected date or time such as 2001-01-22T10:30:00Z, got \"soon\"`,
			`dataframe_records[0].seen: expected date or time such as 2001-01-22T10:30:00Z, got number 1699999999`,
			`dataframe_records[0].day: expected date or time such as 2001-01-22T10:30:00Z, got \"02.01.1970\"`,
			`dataframe_records[1].at: expected date or time such as 2001-01-22T10:30:00Z, got null (the column has no missing values)`,
			`dataframe_records[1].seen: expected date or time such as 2001-01-22T10:30:00Z, got true`,
			`got a list`}},
		{scoring, "at,seen,day\n2001-02-30,,\n,,1970-01-01\n", "text/csv", []string{`2001-02-30`, `row 2, column \"at\": no value`, `row 2, column \"day\"`}},
		{infer, tensor("FP64", "1.5"), "", []string{`inputs[0].datatype: column \"at\": expected BYTES or INT64, got \"FP64\"`}},
		{infer, tensor("INT64", "1.5"), "", []string{`inputs[0].data[0]: column \"at\": expected microseconds since 1970 UTC, got 1.5`}},
		{infer, tensor("INT64", `"1970-01-01"`), "", []string{`expected microseconds since 1970 UTC, got \"1970-01-01\"`}},
		{infer, tensor("INT64", "9223372036854775807"), "", []string{`got 9223372036854775807, which is beyond the years 1 to 9999`}},
		{infer, tensor("BYTES", "12"), "", []string{`expected date or time such as 2001-01-22T10:30:00Z, got number 12`}},
	} {
		var headers []string
		if c.kind != "" {
			headers = []string{"Content-Type", c.kind}
		}
		w := ask(h, "POST", c.path, c.body, headers...)
		for _, want := range c.want {
			if w.Code != 400 || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: %d %s lacks %s", c.body, w.Code, w.Body, want)
			}
		}
	}
}

func TestMetadataSaysHowTimesAreSent(t *testing.T) {
	h := clocks(t)
	w := ask(h, "GET", "/v2/models/clock", "")
	want := `{"name":"at","datatype":"BYTES","shape":[-1],"parameters":{"timestamp":"ISO 8601, or INT64 microseconds since 1970 UTC"}},{"name":"seen","datatype":"BYTES","shape":[-1],"parameters":{"nullable":true,"timestamp":`
	if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
