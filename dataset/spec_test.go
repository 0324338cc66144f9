package dataset_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"gristmill/dataset"
	"gristmill/ml/frame"
)

const forms = "sample:NAME, a file's path, dataset:DIGEST, NAME@DIGEST, an https:// or s3:// address, or a mapping {http: ...}, {s3: ...} or {postgres: ...}"

func TestSpecCheckFindsEverything(t *testing.T) {
	t.Parallel()
	one, two, nan := 1.0, 2.0, math.NaN()
	good := dataset.Spec{Source: dataset.SourceSpec{Kind: dataset.FromSample, Name: "telco_churn"}, Target: "churn", Positive: "Yes", Split: dataset.SplitSpec{Kind: "stratified", Test: 0.2, Validation: 0.2, Seed: 42}}
	for _, c := range []struct {
		name   string
		change func(*dataset.Spec)
		want   []string
	}{
		{"the example is right", func(*dataset.Spec) {}, nil},
		{"nothing given", func(s *dataset.Spec) { *s = dataset.Spec{} }, []string{
			"data.source: missing; expected " + forms,
			"data.target: missing; expected the name of the column to predict"}},
		{"separator", func(s *dataset.Spec) { s.Separator = "||" }, []string{`data.separator: "||"; expected one ASCII character such as ";" or "tab", not a quote or line end`}},
		{"quote as separator", func(s *dataset.Spec) { s.Separator = `"` }, []string{`data.separator: "\""; expected one ASCII character such as ";" or "tab", not a quote or line end`}},
		{"tab", func(s *dataset.Spec) { s.Separator = "tab" }, nil},
		{"drop", func(s *dataset.Spec) { s.Drop = []string{"a", "churn", "a", ""} }, []string{
			`data.drop[1]: the target "churn"; expected a column that is not the target`,
			`data.drop[2]: "a" a second time; expected every column once`,
			`data.drop[3]: ""; expected a column's name`}},
		{"schema", func(s *dataset.Spec) {
			s.Schema = []frame.Field{
				{Name: "churns", Type: frame.String, Min: &one}, {Name: "", Type: "int"}, {Name: "churns"},
				{Name: "x", Type: frame.Int64, Min: &two, Max: &one, Values: []string{"a"}}, {Name: "z", Type: frame.Float64, Max: &nan}}
		}, []string{
			`data.schema[0].min: given for a column of type string; expected it only for float64 and int64`,
			`data.schema[1].name: missing; expected a column's name`,
			`data.schema[1].type: "int"; expected float64, int64, bool, string or timestamp`,
			`data.schema[2].name: "churns" is column 0 already; expected every column once`,
			`data.schema[2].type: missing; expected float64, int64, bool, string or timestamp`,
			`data.schema[3].min: 2 is above max 1; expected min not above max`,
			`data.schema[3].values: given for a column of type int64; expected it only for string`,
			`data.schema[4].max: NaN; expected a finite number`,
			`data.target: "churn" is not in data.schema; expected one of its columns: churns, , churns, x, z (did you mean "churns"?)`}},
		{"reading", func(s *dataset.Spec) {
			s.Format, s.Encoding, s.Decimal, s.Dates = "json", "utf8", ",", map[string]string{"at": "%d.%m", "to": "", "": "%Y", "ok": "%d.%m.%Y"}
		}, []string{
			`data.format: "json"; expected csv or parquet, or no key: what the bytes are`,
			`data.encoding: "utf8"; expected one of utf-8, utf-16, utf-16le, utf-16be, windows-1252, latin-1`,
			`data.decimal: "," beside the separator ","; expected another data.separator, such as ";"`,
			`data.dates: ""; expected a column's name`,
			`data.dates.at: time format "%d.%m" has no year (%Y or %y); expected a format in the signs of strptime, such as "%d.%m.%Y"`,
			`data.dates.to: ""; expected a format in the signs of strptime, such as "%d.%m.%Y"`}},
		{"reading German", func(s *dataset.Spec) { s.Format, s.Encoding, s.Decimal, s.Separator = "csv", "latin-1", ",", ";" }, nil},
		{"decimal", func(s *dataset.Spec) { s.Decimal = "'" }, []string{`data.decimal: "'"; expected "." or ","`}},
		{"parquet", func(s *dataset.Spec) {
			s.Format, s.Encoding, s.Decimal, s.Separator, s.Nulls, s.Dates = "parquet", "utf-8", ",", ";", []string{"NA"}, map[string]string{"at": "%Y"}
		}, []string{
			"data.encoding: given for format parquet; expected it only for csv", "data.decimal: given for format parquet; expected it only for csv",
			"data.separator: given for format parquet; expected it only for csv", "data.nulls: given for format parquet; expected it only for csv",
			"data.dates: given for format parquet; expected it only for csv"}},
		{"dates and schema", func(s *dataset.Spec) {
			s.Positive, s.Schema = "", []frame.Field{{Name: "churn", Type: frame.String}, {Name: "at", Type: frame.Timestamp, Format: "%Y"}, {Name: "n", Type: frame.Int64}}
			s.Dates, s.Time = map[string]string{"at": "%d.%m.%Y", "n": "%Y", "m": "%Y"}, "n"
		}, []string{
			`data.dates.at: "%d.%m.%Y" beside the format "%Y" in data.schema; expected one format`,
			`data.dates.m: the column is not in data.schema; expected one of its columns: churn, at, n (did you mean "n"?)`,
			`data.dates.n: the column is of type int64 in data.schema; expected timestamp`,
			`data.time: "n" is of type int64 in data.schema; expected a column of type timestamp`}},
		{"until", func(s *dataset.Spec) { s.Until = "next week" }, []string{
			`data.until: "next week"; expected a date or time of ISO 8601, such as "2024-06-30" or "2024-06-30T12:00:00Z"`,
			`data.until: given without data.time; expected data.time too: the column that says when a row happened`}},
		{"until right", func(s *dataset.Spec) { s.Time, s.Until = "at", "2024-06-30T12:00:00+02:00" }, nil},
		{"positive", func(s *dataset.Spec) {
			s.Schema = []frame.Field{{Name: "churn", Type: frame.String, Values: []string{"no", "yes"}}}
		}, []string{`data.positive: "Yes"; expected one of the values of the target in data.schema: "no", "yes"`}},
		{"split kind", func(s *dataset.Spec) { s.Split.Kind = "stratify" }, []string{`data.split.kind: "stratify"; expected random, stratified, group, time or ids`}},
		{"split fractions", func(s *dataset.Spec) { s.Split.Test, s.Split.Validation = 1.5, -1 }, []string{
			"data.split.test: 1.5; expected a fraction above 0 and below 1", "data.split.validation: -1; expected a fraction from 0 to below 1"}},
		{"split nan", func(s *dataset.Spec) { s.Split.Test, s.Split.Validation = nan, nan }, []string{
			"data.split.test: NaN; expected a fraction above 0 and below 1", "data.split.validation: NaN; expected a fraction from 0 to below 1"}},
		{"split without test", func(s *dataset.Spec) { s.Split.Test = 0 }, []string{"data.split.test: 0; expected a fraction above 0 and below 1"}},
		{"split without train", func(s *dataset.Spec) { s.Split.Test, s.Split.Validation = 0.5, 0.5 }, []string{
			"data.split.test: 0.5 with validation 0.5 leaves no row to train on; expected a sum below 1"}},
		{"split file", func(s *dataset.Spec) { s.Split.File = "x.csv" }, []string{"data.split.file: given for kind stratified; expected it only for kind ids"}},
		{"split ids", func(s *dataset.Spec) { s.Split.Kind = "ids" }, []string{
			"data.split.file: missing; expected the address of a file of row ids, for kind ids",
			"data.split.test: given for kind ids; expected no fraction: the file says which rows",
			"data.split.validation: given for kind ids; expected no fraction: the file says which rows"}},
		{"split ids right", func(s *dataset.Spec) { s.Split = dataset.SplitSpec{Kind: "ids", File: "ids.csv"} }, nil},
	} {
		s := good
		c.change(&s)
		var got []string
		for _, p := range s.Check() {
			got = append(got, p.Msg)
			if p.Path == "" || p.Given == "" || p.Want == "" || !strings.HasPrefix(p.Msg, p.Path+": ") {
				t.Errorf("%s: an incomplete problem %+v", c.name, p)
			}
		}
		if g, w := strings.Join(got, "\n"), strings.Join(c.want, "\n"); g != w {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, g, w)
		}
	}
}

// The design's own example reads into the same section from YAML and JSON.
func TestSpecHasTheDesignsKeys(t *testing.T) {
	t.Parallel()
	const text = `{source: "sample:telco_churn", target: churn, positive: "Yes", separator: ";", drop: [id], schema: [{name: a, type: int64, min: 0}], split: {kind: stratified, test: 0.2, validation: 0.2, seed: 42}}`
	var s dataset.Spec
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	must(t, d.Decode(&s))
	b, err := json.Marshal(s)
	must(t, err)
	const want = `{"source":"sample:telco_churn","target":"churn","positive":"Yes","separator":";","schema":[{"name":"a","type":"int64","min":0}],"drop":["id"],"split":{"kind":"stratified","test":0.2,"validation":0.2,"seed":42}}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	if d := (dataset.SplitSpec{}).WithDefaults(); d != (dataset.SplitSpec{Kind: "random", Test: 0.2, Validation: 0.2}) {
		t.Errorf("defaults %+v", d)
	}
	if o, err := s.CSVOptions(); err != nil || o.Separator != ';' || len(o.Skip) != 1 || o.Schema.Fields[0].Name != "a" {
		t.Errorf("options %+v, %v", o, err)
	}
	s.Separator = "ab"
	if _, err := s.CSVOptions(); err == nil {
		t.Error("separator ab is accepted")
	}
}
