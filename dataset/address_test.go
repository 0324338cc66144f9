package dataset_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"gristmill"
	"gristmill/dataset"
)

// Each form comes back from JSON and YAML as it was written; what a text can say
// stays a text, so that stored specs stay what they are.
func TestSourcesRoundTrip(t *testing.T) {
	t.Parallel()
	d := string(gristmill.DigestOf([]byte("x")))
	for text, want := range map[string]dataset.SourceSpec{
		`"sample:telco_churn"`:      {Kind: dataset.FromSample, Name: "telco_churn"},
		`"/srv/a.csv"`:              {Kind: dataset.FromFile, Name: "a.csv", Path: "/srv/a.csv"},
		`"a.csv@` + d + `"`:         {Kind: dataset.FromStore, Name: "a.csv", Digest: gristmill.Digest(d)},
		`"https://x.org/a.csv?v=2"`: {Kind: dataset.FromHTTP, Name: "a.csv", URL: "https://x.org/a.csv?v=2"},
		`"s3://lake/a.parquet"`:     {Kind: dataset.FromS3, Name: "a.parquet", URL: "s3://lake/a.parquet"},
		`{"http":{"url":"https://x.org/a.csv","bearer":"secret://TOKEN","headers":{"Accept":"text/csv","X-Api-Key":"secret://KEY"}}}`: {Kind: dataset.FromHTTP, Name: "a.csv", URL: "https://x.org/a.csv",
			HTTP: &dataset.HTTPAccess{Bearer: "secret://TOKEN", Headers: map[string]string{"Accept": "text/csv", "X-Api-Key": "secret://KEY"}}},
		`{"http":{"url":"secret://ADDRESS"}}`: {Kind: dataset.FromHTTP, Name: "address", URL: "secret://ADDRESS"},
		`{"s3":{"uri":"s3://lake/a.csv","endpoint":"https://s3.example.org","region":"eu-1","access_key":"secret://A","secret_key":"secret://B"}}`: {Kind: dataset.FromS3, Name: "a.csv", URL: "s3://lake/a.csv",
			S3: &dataset.S3Access{Endpoint: "https://s3.example.org", Region: "eu-1", AccessKey: "secret://A", SecretKey: "secret://B"}},
		`{"postgres":{"dsn":"secret://WAREHOUSE","query":"select * from t"}}`: {Kind: dataset.FromPostgres, Name: "warehouse",
			Postgres: &dataset.PostgresQuery{DSN: "secret://WAREHOUSE", Query: "select * from t"}},
		`""`: {},
	} {
		var got dataset.SourceSpec
		if err := json.Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", text, got, err, want)
			continue
		}
		if b, err := json.Marshal(got); err != nil || string(b) != text {
			t.Errorf("%s is written as %s, %v", text, b, err)
		}
		var again dataset.SourceSpec
		y, err := yaml.Marshal(got)
		if err == nil {
			err = yaml.Unmarshal(y, &again)
		}
		if err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%s in YAML is %s: %+v, %v", text, y, again, err)
		}
	}
	// A mapping that says no more than a text is one.
	s, problems := dataset.DecodeSource(map[string]any{"http": map[string]any{"url": "https://x.org/a"}})
	if b, err := json.Marshal(s); len(problems) > 0 || err != nil || string(b) != `"https://x.org/a"` {
		t.Errorf("%s, %v, %v", b, problems, err)
	}
	var s2 dataset.Spec
	if err := json.Unmarshal([]byte(`{"source":{"http":{"url":"https://x","bearer":"swordfish"}}}`), &s2); err == nil || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("a credential in clear: %v", err)
	}
}

func TestDecodeSourceNamesEveryProblem(t *testing.T) {
	t.Parallel()
	const open = "a credential in clear; expected secret://NAME, which the worker looks up by its name (letters, digits, _ - .)"
	for text, want := range map[string][]string{
		`null`:                        {"data.source: missing; expected " + forms},
		`3`:                           {"data.source: 3; expected " + forms},
		`"ftp://x/y"`:                 {`data.source: "ftp://x/y": ftp:// addresses cannot be read; expected ` + forms},
		`{}`:                          {"data.source: a mapping of 0 keys; expected exactly one of http, s3 and postgres"},
		`{"http":{},"s3":{}}`:         {"data.source: a mapping of 2 keys; expected exactly one of http, s3 and postgres"},
		`{"mysql":{}}`:                {"data.source.mysql: unknown; expected http, s3 or postgres"},
		`{"http":"https://x"}`:        {"data.source.http: not a mapping; expected a mapping with the keys url, bearer, headers"},
		`{"http":{}}`:                 {"data.source.http.url: missing; expected an https:// address"},
		`{"http":{"url":7}}`:          {"data.source.http.url: not a text; expected a text"},
		`{"http":{"url":"/etc/x"}}`:   {`data.source.http.url: "/etc/x"; expected an http:// or https:// address`},
		`{"http":{"url":"s3://b/k"}}`: {`data.source.http.url: "s3://b/k"; expected an http:// or https:// address`},
		`{"http":{"url":"https://x","barer":"secret://A"}}`: {`data.source.http.barer: unknown; expected one of url, bearer, headers (did you mean "bearer"?)`},
		`{"http":{"url":"https://u:swordfish@x/y","bearer":"swordfish","headers":{"X-Api-Key":"swordfish","Cookie":"swordfish","Host":"secret://A","a b":"secret://A","accept":"a\nb"}}}`: {
			"data.source.http.bearer: " + open, "data.source.http.headers.Cookie: " + open, "data.source.http.headers.Host: set by the program itself; expected another header",
			"data.source.http.headers.X-Api-Key: " + open, `data.source.http.headers: "a b"; expected the name of a header`, "data.source.http.headers.accept: holds a line end; expected one line",
			`data.source.http.url: "https://...@x/y": it holds a user or password; expected {http: {url: ..., bearer: secret://NAME}} or {http: {url: secret://NAME}}`},
		`{"http":{"url":"https://x","headers":["a"]}}`: {"data.source.http.headers: not a mapping; expected a mapping of headers, such as {X-Api-Key: secret://NAME}"},
		`{"http":{"url":"https://x","bearer":"secret://A","headers":{"authorization":"secret://B"}}}`: {
			"data.source.http.bearer: given beside the header Authorization; expected one of the two"},
		`{"http":{"url":"https://x","bearer":"secret://a/../b"}}`: {"data.source.http.bearer: " + open},
		`{"http":{"url":"https://x?sig=swordfish"}}`:              {`data.source.http.url: "https://x": its parameter sig is a credential; expected {http: {url: secret://NAME}}, which keeps the whole address secret`},
		`{"s3":{}}`: {"data.source.s3.uri: missing; expected s3://BUCKET/KEY"},
		`{"s3":{"uri":"s3://b/k","access_key":"AKIASWORDFISH","secret_key":"swordfish"}}`: {
			"data.source.s3.access_key: " + open, "data.source.s3.secret_key: " + open},
		`{"s3":{"uri":"s3://b/k","region":"eu"}}`: {"data.source.s3.endpoint: missing beside a region or key; expected the server's address, such as https://s3.eu-central-1.amazonaws.com"},
		`{"s3":{"uri":"s3://b/k","endpoint":"https://k:swordfish@s3/x","access_key":"secret://A"}}`: {
			`data.source.s3.endpoint: "https://...@s3/x"; expected https://HOST or https://HOST:PORT`, "data.source.s3: only one of access_key and secret_key; expected both or neither"},
		`{"postgres":{}}`: {"data.source.postgres.dsn: missing; expected secret://NAME of postgresql://user:password@host/database",
			`data.source.postgres.query: missing; expected a query, such as "select age, churn from customers"`},
		`{"postgres":{"dsn":"postgresql://u:swordfish@h/d","query":"select 1"}}`: {"data.source.postgres.dsn: " + open},
	} {
		var v any
		must(t, json.Unmarshal([]byte(text), &v))
		s, problems := dataset.DecodeSource(v)
		var got []string
		for _, p := range problems {
			got = append(got, p.Msg)
			if !strings.HasPrefix(p.Path, "data.source") || p.Want == "" || p.Given == "" {
				t.Errorf("%s: an incomplete problem %+v", text, p)
			}
			if strings.Contains(strings.ToLower(p.Msg+p.Given), "swordfish") {
				t.Errorf("%s: the problem shows a credential: %+v", text, p)
			}
		}
		a, b := map[string]bool{}, map[string]bool{}
		for _, m := range got {
			a[m] = true
		}
		for _, m := range want {
			b[m] = true
		}
		if !reflect.DeepEqual(a, b) || s.Kind != "" {
			t.Errorf("%s: got\n%s\nwant\n%s", text, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestParametersThatAreCredentials(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"key=s", "api_key=s", "API-Key=s", "apikey=s", "auth=s", "code=s", "client_secret=s", "passwd=s", "pwd=s", "jwt=s", "sig=s", "signature=s", "token=s",
		"access_token=s", "X-Amz-Signature=s", "a=1&token=s", "a=1;token=s", "%74oken=s", "token"} {
		_, err := dataset.ParseSource("https://x.org/a.csv?" + query)
		if err == nil || !strings.Contains(err.Error(), " is a credential; expected {http: {url: secret://NAME}}") || strings.Contains(err.Error(), "=s") {
			t.Errorf("%s: %v", query, err)
		}
	}
	for _, query := range []string{"v=2", "keys=a", "sort_key=a", "page_token_size=3", "%zz=1"} {
		if _, err := dataset.ParseSource("https://x.org/a.csv?" + query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestKeysOfObjectsAreOneName(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"s3://other/../gristmill/models/a", "s3://other/./a", "s3://other//a", "s3://other/a//b", "s3://../a", "s3://other/a/..", "s3://other/%2e%2e/gristmill/a", "s3://other/a/.."} {
		if _, err := dataset.ParseSource(text); err == nil || !strings.HasSuffix(err.Error(), `: its key has an empty part, "." or ".."; expected s3://BUCKET/KEY without them`) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"s3://other/a", "s3://other/.hidden/a..b/...", "s3://other/2024 q1/a+b.csv"} {
		if _, err := dataset.ParseSource(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// No value makes DecodeSource panic, and what it takes comes back the same.
func FuzzDecodeSource(f *testing.F) {
	f.Add(`{"http":{"url":"https://x.org/a","bearer":"secret://A","headers":{"X":"secret://B"}}}`)
	f.Add(`{"s3":{"uri":"s3://b/k","endpoint":"https://h","access_key":"secret://A","secret_key":"secret://B"}}`)
	f.Add(`{"postgres":{"dsn":"secret://A","query":"select 1"}}`)
	f.Add(`"https://x.org/%zz"`)
	f.Fuzz(func(t *testing.T, text string) {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			return
		}
		s, problems := dataset.DecodeSource(v)
		if (s.Kind == "") == (len(problems) == 0) {
			t.Fatalf("%s: %+v with %d problems", text, s, len(problems))
		}
		if s.Kind == "" {
			return
		}
		b, err := json.Marshal(s)
		var again dataset.SourceSpec
		if err == nil {
			err = json.Unmarshal(b, &again)
		}
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("%s: %+v is written as %s and read as %+v, %v", text, s, b, again, err)
		}
	})
}
