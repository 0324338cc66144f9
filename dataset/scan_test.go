package dataset_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
	"gristmill/ml/frame/parquet"
)

// scanned reads a table in parts and puts the parts together again.
func scanned(raw []byte, s dataset.Spec, l dataset.Limits) (text string, found dataset.Scanned, err error) {
	opened, closed := 0, 0
	sc, err := dataset.Scan(context.Background(), func() (io.ReadCloser, error) {
		opened++
		return closer{bytes.NewReader(raw), &closed}, nil
	}, s, l)
	if err != nil {
		if opened != closed {
			err = fmt.Errorf("opened %d times, closed %d times: %w", opened, closed, err)
		}
		return "", found, err
	}
	var out bytes.Buffer
	for {
		f, err := sc.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if _, again := sc.Next(); again != err {
				return "", found, fmt.Errorf("after %w comes %v", err, again)
			}
			return "", found, err
		}
		var part bytes.Buffer
		if err := csv.Write(&part, f); err != nil {
			return "", found, err
		}
		_, rows, _ := strings.Cut(part.String(), "\n")
		out.WriteString(rows)
	}
	found, err = sc.Scanned()
	sc.Close()
	if opened != closed {
		return "", found, fmt.Errorf("opened %d times, closed %d times", opened, closed)
	}
	return out.String(), found, err
}

type closer struct {
	io.Reader
	n *int
}

func (c closer) Close() error { *c.n++; return nil }

func zst(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	must(t, err)
	_, err = w.Write(text)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func asParquet(t *testing.T, f *frame.Frame) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, parquet.Write(&b, f, parquet.WriteOptions{}))
	return b.Bytes()
}

// Scan finds what Read finds: rows, schema, digest and errors.
func TestScanAgreesWithRead(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	long.WriteString("id,at,v,word\n")
	for i := range 150_000 {
		fmt.Fprintf(&long, "%d,2024-01-%02dT00:00:01Z,%d.5,w%d\n", i, i%28+1, i%97, i%13)
	}
	plain := []byte("id,at,v\n1,2024-01-01,1.5\n2,2024-02-01,\n3,2024-03-01,x\n")
	f := parse(t, "id,at,v\n1,2024-01-01,1.5\n2,2024-02-01,\n3,2024-03-01,2\n")
	for name, c := range map[string]struct {
		raw  []byte
		s    dataset.Spec
		used int64
	}{
		"csv":            {plain, dataset.Spec{Target: "v", Positive: "x"}, 3},
		"gzip":           {zip(t, plain), dataset.Spec{}, 3},
		"zstd":           {zst(t, plain), dataset.Spec{}, 3},
		"header alone":   {[]byte("a,b\n"), dataset.Spec{}, 0},
		"many parts":     {[]byte(long.String()), dataset.Spec{Target: "v"}, 150_000},
		"many parts cut": {[]byte(long.String()), dataset.Spec{Time: "at", Until: "2024-01-15"}, 80_359},
		"parquet":        {asParquet(t, f), dataset.Spec{Target: "v"}, 3},
		"parquet gzip":   {zip(t, asParquet(t, f)), dataset.Spec{Time: "at", Until: "2024-02-01"}, 2},
		"parquet schema": {asParquet(t, f), dataset.Spec{Drop: []string{"id"}, Schema: []frame.Field{{Name: "v", Type: frame.Float64, Nullable: true}, {Name: "at", Type: frame.Timestamp}}}, 3},
		"schema":         {plain, dataset.Spec{Schema: []frame.Field{{Name: "id", Type: frame.Float64}, {Name: "at", Type: frame.Timestamp}, {Name: "v", Type: frame.String, Nullable: true}}}, 3},
	} {
		table, err := dataset.Read(context.Background(), bytes.NewReader(c.raw), c.s, dataset.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		whole := c.s
		whole.Time, whole.Until = "", ""
		all, err := dataset.Read(context.Background(), bytes.NewReader(c.raw), whole, dataset.Limits{})
		must(t, err)
		var want bytes.Buffer
		must(t, csv.Write(&want, all.Frame))
		_, wantRows, _ := strings.Cut(want.String(), "\n")
		got, found, err := scanned(c.raw, c.s, dataset.Limits{})
		v := found.Version
		if err != nil || got != wantRows {
			t.Errorf("%s: %v, rows differ: %v", name, err, got != wantRows)
		}
		if v.Digest != gristmill.DigestOf(c.raw) || v.Digest != table.Digest || v.Size != int64(len(c.raw)) || v.Rows != int64(all.Frame.Rows()) || found.Used != c.used || int64(table.Frame.Rows()) != c.used {
			t.Errorf("%s: %d rows of which %d used, digest %s; Read has %d", name, v.Rows, found.Used, v.Digest.Short(), table.Frame.Rows())
		}
		if fmt.Sprint(v.Schema) != fmt.Sprint(all.Frame.Schema()) {
			t.Errorf("%s: schema\n got %v\nwant %v", name, v.Schema, all.Frame.Schema())
		}
		if strings.Join(found.Doubts, "|") != strings.Join(dataset.Doubts(all.Frame), "|") {
			t.Errorf("%s: doubts %v", name, found.Doubts)
		}
	}
}

func TestTablesOfEveryShape(t *testing.T) {
	t.Parallel()
	utf16 := func(text string) []byte {
		b := []byte{0xff, 0xfe}
		for _, r := range text {
			b = append(b, byte(r), byte(r>>8))
		}
		return b
	}
	const want = "city,pay,at\nKöln,1234.5,2024-01-22\nŁódź,,2023-12-31\n"
	for name, c := range map[string]struct {
		raw  []byte
		s    dataset.Spec
		want string
	}{
		"UTF-16 of Excel": {utf16("city\tpay\tat\r\nKöln\t1234.5\t2024-01-22\r\nŁódź\t\t2023-12-31\r\n"), dataset.Spec{Separator: "tab"}, want},
		"German": {[]byte("city;pay;at\nK\xf6ln;1.234,5;22.01.2024\nBonn;;31.12.2023\n"),
			dataset.Spec{Separator: ";", Decimal: ",", Encoding: "windows-1252", Dates: map[string]string{"at": "%d.%m.%Y"}}, "city,pay,at\nKöln,1234.5,22.01.2024\nBonn,,31.12.2023\n"},
		"UTF-16 in gzip":   {zip(t, utf16("city,pay,at\nKöln,1234.5,2024-01-22\nŁódź,,2023-12-31\n")), dataset.Spec{}, want},
		"until a day":      {[]byte("at,a\n2024-06-29,1\n2024-06-30T00:00:01Z,2\n2024-06-30T23:59:59.999999Z,3\n2024-07-01T01:00:00+02:00,4\n2024-07-01,5\n"), dataset.Spec{Time: "at", Until: "2024-06-30"}, "at,a\n2024-06-29,1\n2024-06-30T00:00:01Z,2\n2024-06-30T23:59:59.999999Z,3\n2024-06-30T23:00:00Z,4\n"},
		"until a midnight": {[]byte("at,a\n2024-06-30T00:00:00Z,1\n2024-06-30T00:00:01Z,2\n"), dataset.Spec{Time: "at", Until: "2024-06-30T00:00:00Z"}, "at,a\n2024-06-30,1\n"},
		"until a moment":   {[]byte("at,a\n2024-01-01T10:00:00Z,1\n2024-01-01T12:00:00+02:00,2\n2024-01-01 10:00:01,3\n"), dataset.Spec{Time: "at", Until: "2024-01-01T10:00:00Z"}, "at,a\n2024-01-01T10:00:00Z,1\n2024-01-01T10:00:00Z,2\n"},
	} {
		table, err := dataset.Read(context.Background(), bytes.NewReader(c.raw), c.s, dataset.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got bytes.Buffer
		must(t, csv.Write(&got, table.Frame))
		if got.String() != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got.String(), c.want)
		}
	}
}

// What is wrong with a table is the same sentence from Read and from Scan.
func TestBrokenTablesHaveOneClearText(t *testing.T) {
	t.Parallel()
	good := asParquet(t, parse(t, "a,b\n1,x\n2,y\n"))
	flipped := bytes.Clone(good)
	flipped[len(flipped)-6] ^= 0x40
	const fit = "the data do not fit the spec:\n  "
	const kinds = ", which is not read; expected CSV or Parquet, plain or compressed by gzip or zstd"
	for name, c := range map[string]struct {
		raw  []byte
		s    dataset.Spec
		l    dataset.Limits
		want string // a prefix where it ends in "..."
	}{
		"an Excel workbook":      {[]byte("PK\x03\x04\x14\x00\x06\x00"), dataset.Spec{}, dataset.Limits{}, "the file is a ZIP archive or an Excel workbook" + kinds},
		"bzip2":                  {[]byte("BZh91AY&SY\x00\x01"), dataset.Spec{}, dataset.Limits{}, "the file is compressed with bzip2" + kinds},
		"xz":                     {[]byte("\xfd7zXZ\x00\x00"), dataset.Spec{}, dataset.Limits{}, "the file is compressed with xz" + kinds},
		"an SQLite database":     {[]byte("SQLite format 3\x00"), dataset.Spec{}, dataset.Limits{}, "the file is an SQLite database" + kinds},
		"csv that is Parquet":    {good, dataset.Spec{Format: "csv"}, dataset.Limits{}, "data.format: csv, but the bytes are Parquet; expected parquet or no key"},
		"parquet that is CSV":    {[]byte("a\n1\n"), dataset.Spec{Format: "parquet"}, dataset.Limits{}, "data.format: parquet, but the bytes do not begin as Parquet; expected csv or no key"},
		"keys of text":           {good, dataset.Spec{Encoding: "utf-8", Dates: map[string]string{"a": "%Y"}}, dataset.Limits{}, fit + "data.encoding: given, but the bytes are Parquet; expected no key: a Parquet file says it itself\n  data.dates: given, but the bytes are Parquet; expected no key: a Parquet file says it itself"},
		"Parquet cut":            {good[:len(good)-20], dataset.Spec{}, dataset.Limits{}, "data:\n  ..."},
		"Parquet damaged":        {flipped, dataset.Spec{}, dataset.Limits{}, "data:\n  ..."},
		"Parquet magic alone":    {[]byte("PAR1"), dataset.Spec{}, dataset.Limits{}, "data:\n  ..."},
		"Parquet too large":      {good, dataset.Spec{}, dataset.Limits{MaxBytes: 20}, "the file is larger than the limit of 20 bytes"},
		"Parquet without target": {good, dataset.Spec{Target: "c"}, dataset.Limits{}, fit + `data.target: the table has no column "c"; expected one of its columns: a, b (did you mean "a"?)`},
		"zstd cut":               {zst(t, bytes.Repeat([]byte("a,b\n"), 1000))[:20], dataset.Spec{}, dataset.Limits{}, "the zstd data end early: after 20 bytes"},
		"zstd damaged":           {append(zst(t, []byte("a\n1\n")), "tail"...), dataset.Spec{}, dataset.Limits{}, "the zstd data are damaged"},
		"a zstd bomb":            {zst(t, append([]byte("y\n"), bytes.Repeat([]byte("1\n"), 40<<20)...)), dataset.Spec{}, dataset.Limits{}, "the zstd data grow more than 200-fold, the limit"},
		"zstd too large":         {zst(t, []byte(strings.Repeat("a\n", 1000))), dataset.Spec{}, dataset.Limits{MaxBytes: 100}, "the table is larger than the limit of 100 bytes when decompressed"},
		"not windows-1252":       {[]byte("a\n\x81\n"), dataset.Spec{Encoding: "windows-1252"}, dataset.Limits{}, "the file is not windows-1252: 0x81 is no character at byte 3; expected another data.encoding"},
		"UTF-16 that ends early": {[]byte("\xff\xfea\x00\n\x001"), dataset.Spec{}, dataset.Limits{}, "the file is not utf-16le: half a character at byte 7; expected another data.encoding"},
		"no time column":         {[]byte("a\n1\n"), dataset.Spec{Time: "at"}, dataset.Limits{}, fit + `data.time: the table has no column "at"; expected one of its columns: a (did you mean "a"?)`},
		"a time that is a number": {[]byte("at\n1\n"), dataset.Spec{Time: "at", Until: "2024-01-01"}, dataset.Limits{}, fit +
			`data.time: column "at" is of type int64; expected timestamp: name the format of its times in data.dates, or look for a cell that is no time of ISO 8601`},
		"a row without a time":  {[]byte("at,a\n2024-01-01,1\n,2\n"), dataset.Spec{Time: "at"}, dataset.Limits{}, `data.time: row 2 has no value in column "at"; expected a time in every row`},
		"all rows are later":    {[]byte("at,a\n2024-01-02,1\n"), dataset.Spec{Time: "at", Until: "2024-01-01"}, dataset.Limits{}, `data.until: every row's "at" is after 2024-01-01; expected a later time`},
		"dates of no column":    {[]byte("a\n1\n"), dataset.Spec{Dates: map[string]string{"at": "%Y"}}, dataset.Limits{}, "data:\n  header (line 1): there is no column \"at\" to read as dates"},
		"a date in another way": {[]byte("at\n22.01.2024\n1/22/24\n"), dataset.Spec{Dates: map[string]string{"at": "%d.%m.%Y"}}, dataset.Limits{}, "data: 1 violation of the schema:\n  row 2, column \"at\": \"1/22/24\"; expected..."},
		"never positive":        {[]byte("y\nno\n"), dataset.Spec{Target: "y", Positive: "yes"}, dataset.Limits{}, fit + `data.positive: the target "y" never is "yes"; expected one of its values`},
		"an HTML page":          {[]byte("<!DOCTYPE html>\n<html><body>Sign in, please</body></html>\n"), dataset.Spec{}, dataset.Limits{}, "data:\n  ..."},
	} {
		_, err := dataset.Read(context.Background(), bytes.NewReader(c.raw), c.s, c.l)
		_, _, scanErr := scanned(c.raw, c.s, c.l)
		for how, err := range map[string]error{"read": err, "scan": scanErr} {
			got := gristmill.Public(err)
			want, prefix := strings.CutSuffix(c.want, "...")
			if gristmill.KindOf(err) != gristmill.Invalid || prefix && !strings.HasPrefix(got, want) || !prefix && got != want {
				t.Errorf("%s, %s:\n got %v\nwant %s", name, how, err, c.want)
			}
		}
	}
	// Each of these has its message in a file beside it.
	names, err := filepath.Glob("testdata/bad/*.csv")
	if err != nil || len(names) < 6 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		must(t, err)
		_, err = dataset.Read(context.Background(), bytes.NewReader(raw), dataset.Spec{Target: "churn"}, dataset.Limits{})
		_, _, scanErr := scanned(raw, dataset.Spec{Target: "churn"}, dataset.Limits{})
		if gristmill.Public(err) != gristmill.Public(scanErr) && !(err == nil && scanErr == nil) {
			t.Errorf("%s:\n read %v\n scan %v", name, err, scanErr)
		}
	}
}

// The errors of the source are passed on from wherever they come.
func TestScanPassesOnErrorsOfTheSource(t *testing.T) {
	t.Parallel()
	broken := gristmill.Errorf(gristmill.Unavailable, "the object store does not answer")
	f := asParquet(t, parse(t, "a\n1\n"))
	for name, head := range map[string][]byte{"nothing": nil, "csv": []byte("a\n1\n"), "gzip": zip(t, []byte("a\n1\n"))[:20], "zstd": zst(t, []byte("a\n1\n"))[:8], "parquet": f[:30]} {
		_, err := dataset.Scan(context.Background(), func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(head), iotest.ErrReader(broken))), nil
		}, dataset.Spec{}, dataset.Limits{})
		if gristmill.KindOf(err) != gristmill.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := dataset.Scan(context.Background(), func() (io.ReadCloser, error) { return nil, broken }, dataset.Spec{}, dataset.Limits{}); gristmill.KindOf(err) != gristmill.Unavailable {
		t.Errorf("open: %v", err)
	}
}
