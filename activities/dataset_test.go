package activities_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"gristmill"
	"gristmill/activities"
	"gristmill/dataset"
	"gristmill/dataset/profile"
	"gristmill/pipeline"
	"gristmill/tracking"
)

func TestFetchDataStoresProfilesAndRecordsTheDataset(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	csv := customers(100)
	for name, source := range map[string]struct {
		address, name string
		rows          int64
	}{
		"a sample":        {"sample:telco_churn", "telco_churn", 7043},
		"an allowed file": {l.file("mine.csv", csv), "mine.csv", 100},
	} {
		out, err := l.begin(spec(source.address)).step("fetch")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		ref := out.Out["dataset"].Ref
		if ref == nil || ref.Type != "dataset" || gristmill.DigestOf(l.read(ref.Digest)) != ref.Digest || ref.Size != int64(len(l.read(ref.Digest))) {
			t.Fatalf("%s: output %+v", name, ref)
		}
		if source.rows == 100 && string(l.read(ref.Digest)) != csv {
			t.Errorf("%s: the stored bytes are not the file's", name)
		}
		v, err := l.data.Datasets.Get(t.Context(), gristmill.DefaultProject, ref.Digest)
		if err != nil || v.Rows != source.rows || v.Source != source.address || !v.Profile.Valid() {
			t.Errorf("%s: version %+v, %v", name, v, err)
		}
		run := l.state()
		if run.Tags["gristmill.data_digest"] != string(ref.Digest) {
			t.Errorf("%s: tags %v", name, run.Tags)
		}
		inputs, err := l.runs.ListInputs(t.Context(), l.runID)
		if err != nil || len(inputs) != 1 || inputs[0].Digest != string(ref.Digest) || inputs[0].Source != source.address {
			t.Errorf("%s: inputs %+v, %v", name, inputs, err)
		}
		a, err := l.runs.Artifact(t.Context(), l.runID, "profile.json")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var table profile.Profile
		if err := json.Unmarshal(l.read(v.Profile), &table); err != nil || a.Digest != v.Profile || len(table.Columns) != len(v.Schema.Fields) {
			t.Errorf("%s: profile of %d columns, %v", name, len(table.Columns), err)
		}
		if s := run.Steps[0]; s.ID != "fetch" || s.Status != tracking.Succeeded || s.Attempts != 1 {
			t.Errorf("%s: step %+v", name, s)
		}
	}
}

func TestFetchDataAgainChangesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(50)))).steps("fetch")
	first := l.out["fetch"]
	l.steps("fetch")
	if *first.Out["dataset"].Ref != *l.out["fetch"].Out["dataset"].Ref {
		t.Errorf("outputs %+v and %+v", first, l.out["fetch"])
	}
	list, _, err := l.data.Datasets.List(t.Context(), gristmill.DefaultProject, gristmill.Page{Limit: 10})
	if err != nil || len(list) != 1 {
		t.Errorf("%d dataset versions, %v", len(list), err)
	}
	if inputs, err := l.runs.ListInputs(t.Context(), l.runID); err != nil || len(inputs) != 1 {
		t.Errorf("%d inputs, %v", len(inputs), err)
	}
	if s := l.state().Steps[0]; s.Attempts != 2 || s.Status != tracking.Succeeded {
		t.Errorf("step %+v", s)
	}
}

func TestFetchDataReadsStoredBytesWithoutASecondCopy(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	ref, err := l.blobs.Put(t.Context(), strings.NewReader(customers(50)), "dataset")
	if err != nil {
		t.Fatal(err)
	}
	out, err := l.begin(spec("dataset:" + string(ref.Digest))).step("fetch")
	if err != nil {
		src, _ := dataset.ParseSource("dataset:" + string(ref.Digest))
		t.Fatalf("%v (%+v)", err, src)
	}
	got := out.Out["dataset"].Ref
	if got.Digest != ref.Digest || got.URI != ref.URI || got.Size != ref.Size {
		t.Errorf("output %+v, stored %+v", got, ref)
	}
}

func TestFetchDataRefusesWithOneClearText(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	mine := func(text string) string { return l.file(gristmill.NewID()+".csv", text) }
	absent := l.dir + "/absent.csv"
	for name, c := range map[string]struct {
		spec string
		kind gristmill.Kind
		want string
	}{
		"a file of the machine": {spec("/etc/passwd"), gristmill.Forbidden,
			"source /etc/passwd: not below an allowed directory (HERE); start the worker with --allow-path DIR to allow another"},
		"a way out": {spec(l.dir + "/../../../etc/passwd"), gristmill.Forbidden,
			"source /etc/passwd: not below an allowed directory (HERE); start the worker with --allow-path DIR to allow another"},
		"no such file":   {spec(absent), gristmill.Invalid, "source HERE/absent.csv: there is no such file on the worker"},
		"no such sample": {spec("sample:no_such"), gristmill.Invalid, "source sample:no_such: there is no such sample; expected one of ames_housing, chicago_ridership, telco_churn"},
		"no such column": {spec(mine("a,b\n1,2\n")), gristmill.Invalid, "the data do not fit the spec:\n  data.target: the table has no column \"churn\"; expected one of its columns: a, b"},
		"a ragged row": {spec(mine("age,churn\n1,Yes\n2\n")), gristmill.Invalid,
			"data:\n  row 2 (line 3), column 2 \"churn\": the row ends before this column: 1 cell, but the header has 2 columns"},
		"bad UTF-8": {spec(mine("age,churn\n1,Yes\n2,\xff\xfe\n")), gristmill.Invalid,
			"data:\n  row 2 (line 3), column 2 \"churn\": byte 0xFF at position 1 of the cell is not UTF-8; convert the file, or name its encoding (data.encoding: windows-1252)"},
		"nothing at all": {spec(mine("")), gristmill.Invalid, "data:\n  the file is empty; expected a header line with the columns' names"},
		"a broken schema": {strings.Replace(spec(mine("age,churn\n1,Yes\nold,No\n-3,No\n")), `target: churn`, `target: churn, schema: [{name: age, type: float64, min: 0}, {name: churn, type: string}]`, 1), gristmill.Invalid,
			"data: 2 violations of the schema:\n  row 2, column \"age\": \"old\"; expected a number (float64)\n  row 3, column \"age\": \"-3\"; expected a number of at least 0"},
	} {
		t.Run(name, func(t *testing.T) {
			l := *l
			l.t = t
			_, err := l.begin(c.spec).step("fetch")
			f, ok := activities.FailureOf(err)
			if !ok || f.Kind != c.kind || retryable(err) {
				t.Fatalf("kind %s, retryable %v: %v", f.Kind, retryable(err), err)
			}
			text := f.Error().Public()
			if got := strings.ReplaceAll(text, l.dir, "HERE"); got != c.want {
				t.Errorf("message\n got %q\nwant %q", got, c.want)
			}
			step := l.state().Steps[0]
			if step.Status != tracking.Failed || step.Error != text {
				t.Errorf("step %+v", step)
			}
			log, err := l.runs.ReadLog(t.Context(), l.runID, "fetch", 0, 10)
			if err != nil || len(log) != 1 || log[0].Level != "error" || log[0].Text != text {
				t.Errorf("log %+v, %v", log, err)
			}
		})
	}
}

func TestTheRunNamesTheBytesThatItLearnsFrom(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	path := l.file("mine.csv", customers(200))
	l.begin(spec(path)).steps("fetch")
	used := l.out["fetch"]
	l.file("mine.csv", customers(150))
	if _, err := l.step("fetch"); err != nil { // an attempt whose outcome was lost, and the source has changed
		t.Fatal(err)
	}
	l.out["fetch"] = used
	l.steps("transform", "train", "evaluate", "register")
	digest := used.Out["dataset"].Ref.Digest
	if got := l.state().Tags["gristmill.data_digest"]; got != string(digest) {
		t.Errorf("the run names %s, and learned from %s", got, digest)
	}
	v, err := l.versions.Version(t.Context(), gristmill.DefaultProject, "small", 1)
	if err != nil || v.Lineage.DatasetDigest != digest || v.Lineage.DatasetSource != path && v.Lineage.DatasetSource != "file:"+path {
		t.Errorf("lineage %+v, %v", v.Lineage, err)
	}
}

// rival begins another attempt at the step once the bytes are stored.
type rival struct {
	activities.Blobs
	runs tracking.Store
	run  *string
}

func (o rival) Put(ctx context.Context, r io.Reader, mediaType string) (gristmill.Ref, error) {
	ref, err := o.Blobs.Put(ctx, r, mediaType)
	if err == nil {
		_, err = o.runs.Lease(ctx, *o.run, tracking.Step{ID: "fetch", Kind: string(pipeline.Fetch)})
	}
	return ref, err
}

func TestAnAttemptThatWasOvertakenRecordsNoData(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(200))))
	l.data.Blobs = rival{l.blobs, l.runs, &l.runID}
	if _, err := l.step("fetch"); err == nil {
		t.Error("it went well")
	}
	inputs, err := l.runs.ListInputs(t.Context(), l.runID)
	if tag, ok := l.state().Tags["gristmill.data_digest"]; err != nil || ok || len(inputs) > 0 {
		t.Errorf("tag %q, inputs %+v, %v", tag, inputs, err)
	}
	if _, err := l.runs.Artifact(t.Context(), l.runID, "profile.json"); gristmill.KindOf(err) != gristmill.NotFound {
		t.Errorf("profile.json: %v", err)
	}
}
