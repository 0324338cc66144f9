package dataset_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/datasettest"
	"gristmill/ml/frame"
)

func zip(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(text)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func TestReadTakesGzipByItsMagicBytes(t *testing.T) {
	t.Parallel()
	plain := []byte("y,x\n1,a\n2,b\n")
	want := parse(t, string(plain))
	for name, raw := range map[string][]byte{"plain": plain, "gzip": zip(t, plain), "two members": append(zip(t, plain[:6]), zip(t, plain[6:])...)} {
		for how, r := range map[string]io.Reader{"whole": bytes.NewReader(raw), "by bytes": iotest.OneByteReader(bytes.NewReader(raw))} {
			table, err := dataset.Read(context.Background(), r, dataset.Spec{Target: "y"}, dataset.Limits{})
			must(t, err)
			if d := frame.Diff(table.Frame, want); d != "" {
				t.Errorf("%s %s: %s", name, how, d)
			}
			if table.Digest != gristmill.DigestOf(raw) || table.Size != int64(len(raw)) {
				t.Errorf("%s %s: digest %s of %d bytes", name, how, table.Digest, table.Size)
			}
		}
	}
}

func TestReadRefusesDamagedAndHugeGzip(t *testing.T) {
	t.Parallel()
	good := zip(t, []byte(strings.Repeat("y,x\n", 1)+strings.Repeat("1,abc\n", 10_000)))
	flipped := bytes.Clone(good)
	flipped[len(flipped)-6] ^= 1 // the checksum
	garbage := append(bytes.Clone(good[:10]), 0xff, 0xff, 0xff, 0xff)
	bomb := zip(t, append([]byte("y\n"), bytes.Repeat([]byte("1\n"), 40<<20)...))
	for _, c := range []struct {
		name string
		raw  []byte
		l    dataset.Limits
		want string
	}{
		{"cut", good[:len(good)/2], dataset.Limits{}, "the gzip data end early: after "},
		{"cut in the header", good[:5], dataset.Limits{}, "the gzip data end early: after 5 bytes"},
		{"checksum", flipped, dataset.Limits{}, "the gzip data are damaged"},
		{"garbage", garbage, dataset.Limits{}, "the gzip data are damaged"},
		{"bomb", bomb, dataset.Limits{}, "the gzip data grow more than 200-fold, the limit"},
		{"too large", good, dataset.Limits{MaxBytes: 1000}, "the table is larger than the limit of 1000 bytes when decompressed"},
		{"too large plain", []byte("y\n1\n2\n"), dataset.Limits{MaxBytes: 5}, "data:\n  the file is larger than the limit of 5 bytes"},
		{"too many columns", []byte("y,x\n1,2\n"), dataset.Limits{MaxColumns: 1}, "data:\n  header (line 1): more than 1 columns, the limit"},
	} {
		_, err := dataset.Read(context.Background(), bytes.NewReader(c.raw), dataset.Spec{}, c.l)
		if gristmill.KindOf(err) != gristmill.Invalid || !strings.HasPrefix(gristmill.Public(err), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// Each file of testdata/bad has its message beside it.
func TestReadNamesWhatIsWrongWithTheData(t *testing.T) {
	t.Parallel()
	low, high := 0.0, 120.0
	spec := dataset.Spec{Target: "churn", Positive: "Yes", Drop: []string{"id"}, Schema: []frame.Field{
		{Name: "age", Type: frame.Int64, Min: &low, Max: &high},
		{Name: "pay", Type: frame.Float64, Nullable: true},
		{Name: "churn", Type: frame.String, Values: []string{"No", "Yes"}},
	}}
	names, err := filepath.Glob("testdata/bad/*.csv")
	if err != nil || len(names) < 6 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		must(t, err)
		want, err := os.ReadFile(strings.TrimSuffix(name, ".csv") + ".txt")
		must(t, err)
		_, err = dataset.Read(context.Background(), bytes.NewReader(raw), spec, dataset.Limits{})
		if gristmill.KindOf(err) != gristmill.Invalid || gristmill.Public(err) != strings.TrimSpace(string(want)) {
			t.Errorf("%s:\n got %v\nwant %s", name, err, want)
		}
	}
}

func TestReadProblemsCarryTheirParts(t *testing.T) {
	t.Parallel()
	spec := dataset.Spec{Schema: []frame.Field{{Name: "age", Type: frame.Int64}}}
	_, err := dataset.Read(context.Background(), strings.NewReader("age\n1\nold\n"), spec, dataset.Limits{})
	var e *gristmill.Error
	if !errors.As(err, &e) || len(e.Problems) != 1 {
		t.Fatal(err)
	}
	want := gristmill.Problem{Path: `row 2, column "age"`, Given: "old", Want: "a whole number (int64)", Msg: `row 2, column "age": "old"; expected a whole number (int64)`}
	if e.Problems[0] != want {
		t.Errorf("%+v", e.Problems[0])
	}
}

func TestReadChecksTheSpecAgainstTheTable(t *testing.T) {
	t.Parallel()
	_, err := dataset.Read(context.Background(), strings.NewReader("Churn,age,city\nno,1,x\n"), dataset.Spec{Target: "churn", Drop: []string{"agee", "zzzzzz"}}, dataset.Limits{})
	want := "the data do not fit the spec:\n" +
		"  data.target: the table has no column \"churn\"; expected one of its columns: Churn, age, city (did you mean \"Churn\"?)\n" +
		"  data.drop[0]: the table has no column \"agee\"; expected one of its columns: Churn, age, city (did you mean \"age\"?)\n" +
		"  data.drop[1]: the table has no column \"zzzzzz\"; expected one of its columns: Churn, age, city"
	if gristmill.Public(err) != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	_, err = dataset.Read(context.Background(), strings.NewReader("churn\nno\n"), dataset.Spec{Target: "churn", Positive: "Yes"}, dataset.Limits{})
	want = "the data do not fit the spec:\n  data.positive: the target \"churn\" never is \"Yes\"; expected one of its values"
	if gristmill.Public(err) != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestReadWithSeparatorNullsAndDrop(t *testing.T) {
	t.Parallel()
	spec := dataset.Spec{Target: "y", Separator: ";", Nulls: []string{"", "NA"}, Drop: []string{"id"}}
	table, err := dataset.Read(context.Background(), strings.NewReader("id;y;x\na;1;NA\nb;2;3,5\n"), spec, dataset.Limits{})
	must(t, err)
	seen := spec.Features(table.Frame)
	if table.Frame.Cols() != 3 || strings.Join(seen.Schema().Names(), " ") != "y x" || seen.Column("x").Nulls() != 1 {
		t.Errorf("columns %v, seen %v", table.Frame.Schema(), seen.Schema())
	}
	v := table.Describe("p", "n", "/srv/n")
	if err := v.Check(); err != nil || !v.Described() || v.Rows != 2 || v.Project != "p" || v.Name != "n" || v.Source != "/srv/n" || v.Digest != table.Digest {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestReadPassesOnErrorsOfTheSource(t *testing.T) {
	t.Parallel()
	broken := gristmill.Errorf(gristmill.Unavailable, "the object store does not answer")
	for what, raw := range map[string][]byte{"at once": nil, "plain": []byte("a\n1\n"), "gzip": zip(t, []byte("a\n1\n"))[:20]} {
		_, err := dataset.Read(context.Background(), io.MultiReader(bytes.NewReader(raw), iotest.ErrReader(broken)), dataset.Spec{}, dataset.Limits{})
		if gristmill.KindOf(err) != gristmill.Unavailable {
			t.Errorf("%s: %v is of kind %s", what, err, gristmill.KindOf(err))
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for what, raw := range map[string][]byte{"plain": []byte("a\n1\n"), "gzip": zip(t, []byte("a\n1\n"))} {
		_, err := dataset.Read(ctx, bytes.NewReader(raw), dataset.Spec{}, dataset.Limits{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s after the end of the context: %v", what, err)
		}
	}
}

func TestMemoryConforms(t *testing.T) {
	t.Parallel()
	datasettest.Store(t, func(*testing.T) dataset.Store { return datasettest.NewMemory() })
}
