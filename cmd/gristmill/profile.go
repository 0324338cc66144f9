package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/profile"
	"gristmill/ml/frame"
)

// asked is a table that a command is to read here: a file, a sample or a stored
// dataset, and how its text is written.
type asked struct {
	spec  dataset.Spec
	info  profile.Info
	open  func() (io.ReadCloser, error)
	clean func()
}

func (k *asked) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.spec.Separator, "separator", "", `one character between cells, or "tab" (default: a comma)`)
	cmd.Flags().StringVar(&k.spec.Decimal, "decimal", "", `"," for numbers such as 1.234,5`)
	cmd.Flags().StringVar(&k.spec.Encoding, "encoding", "", `of the text: utf-8, utf-16 or windows-1252`)
	cmd.Flags().StringSliceVar(&k.spec.Nulls, "null", nil, `a text that stands for no value, e.g. --null NA`)
}

// find makes sure that the argument can be opened: the digest of a stored
// dataset, whose bytes are fetched, sample:NAME, or a file.
func (a *app) find(ctx context.Context, k *asked, arg string) error {
	k.clean = func() {}
	digest := gristmill.Digest(strings.TrimPrefix(arg, "dataset:"))
	if digest.Valid() {
		return a.fetch(ctx, k, digest)
	}
	src, err := dataset.ParseSource(arg)
	if err != nil {
		return err
	}
	if src.Kind != dataset.FromFile && src.Kind != dataset.FromSample {
		return usageError{fmt.Errorf("%q: expected the digest of a stored dataset, a file or sample:NAME", arg)}
	}
	k.info = profile.Info{Name: src.Name, Source: src.String()}
	k.open = func() (io.ReadCloser, error) { return here{dir: "."}.Open(ctx, src) }
	return nil
}

// fetch puts a stored dataset into a temporary file.
func (a *app) fetch(ctx context.Context, k *asked, digest gristmill.Digest) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	v, err := c.Dataset(ctx, digest)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp("", "gristmill-dataset-*")
	if err != nil {
		return fmt.Errorf("make temporary file: %w", err)
	}
	k.clean = func() { _ = os.Remove(tmp.Name()) } // a temporary file that stays does no harm
	if err := errors.Join(c.DownloadDataset(ctx, digest, tmp), tmp.Close()); err != nil {
		k.clean()
		return err
	}
	k.info = profile.Info{Name: v.Name, Source: v.Source}
	k.open = func() (io.ReadCloser, error) { return os.Open(tmp.Name()) }
	return nil
}

// profile reads the whole table in parts.
func (k *asked) profile(ctx context.Context) (profile.Profile, error) {
	sc, err := dataset.Scan(ctx, k.open, k.spec, dataset.Limits{MaxBytes: 1 << 40})
	if err != nil {
		return profile.Profile{}, err
	}
	defer sc.Close()
	b := profile.NewBuilder(sc.Schema(), profile.Options{Target: k.spec.Target})
	for {
		f, err := sc.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = b.Add(f)
		}
		if err != nil {
			return profile.Profile{}, err
		}
	}
	known, err := sc.Scanned()
	if err != nil {
		return profile.Profile{}, err
	}
	k.info.Digest, k.info.Size = string(known.Version.Digest), known.Version.Size
	return b.Finish(), nil
}

func (a *app) datasetProfile() *cobra.Command {
	var k asked
	var html bool
	var to string
	cmd := &cobra.Command{
		Use: "profile DIGEST|FILE", Short: "Print what a dataset's columns hold, or write it as an HTML page", Args: cobra.ExactArgs(1),
		Long: "Print what a dataset's columns hold. A FILE (or sample:NAME) is read here and needs no server; so is a\nstored dataset of which --target is given or that no run has read yet.",
		Example: "  gristmill dataset profile customers.csv --target churn --html\n" +
			"  gristmill dataset profile sample:ames_housing --target Sale_Price --html -o ames.html",
		RunE: func(cmd *cobra.Command, args []string) error {
			if to != "" && !html {
				return usageError{errors.New("--output is for --html; the table and --json go to stdout")}
			}
			p, info, err := a.profileOf(cmd.Context(), k, args[0])
			if err != nil {
				return err
			}
			switch {
			case html:
				return a.writePage(p, info, to)
			case a.json:
				return a.printJSON(p)
			default:
				return a.printProfile(p)
			}
		},
	}
	k.flags(cmd)
	cmd.Flags().StringVar(&k.spec.Target, "target", "", "the column to predict: how the others go with it is measured")
	cmd.Flags().BoolVar(&html, "html", false, "write one HTML page with histograms, which needs no other file")
	cmd.Flags().StringVarP(&to, "output", "o", "", "of --html: file to write, - for stdout (default NAME.profile.html)")
	return cmd
}

// profileOf takes the profile that the server has, or reads the table here.
func (a *app) profileOf(ctx context.Context, k asked, arg string) (profile.Profile, profile.Info, error) {
	if digest := gristmill.Digest(arg); digest.Valid() && k.spec.Target == "" {
		c, err := a.client()
		if err != nil {
			return profile.Profile{}, profile.Info{}, err
		}
		v, err := c.Dataset(ctx, digest)
		if err != nil {
			return profile.Profile{}, profile.Info{}, err
		}
		if v.Profile != "" {
			p, err := c.DatasetProfile(ctx, digest)
			return p, profile.Info{Name: v.Name, Source: v.Source, Digest: string(v.Digest), Size: v.Size}, err
		}
	}
	if err := a.find(ctx, &k, arg); err != nil {
		return profile.Profile{}, profile.Info{}, err
	}
	defer k.clean()
	p, err := k.profile(ctx)
	return p, k.info, err
}

func (a *app) writePage(p profile.Profile, info profile.Info, to string) error {
	if to == "-" {
		return profile.HTML(a.out, p, info)
	}
	if to == "" {
		to = strings.NewReplacer("/", "_", string(os.PathSeparator), "_").Replace(info.Name) + ".profile.html"
	}
	if err := writeFile(to, func(w io.Writer) error { return profile.HTML(w, p, info) }); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]string{"file": to})
	}
	a.say("wrote %s: %d rows, %d columns, %d alerts", to, p.Rows, len(p.Columns), len(p.Alerts))
	return nil
}

// printProfile prints a line a column, then what to look at.
func (a *app) printProfile(p profile.Profile) error {
	fmt.Fprintf(a.out, "%d rows, %d columns, %d duplicate rows\n\n", p.Rows, len(p.Columns), p.Duplicates)
	heads := []string{"COLUMN", "TYPE", "MISSING", "DISTINCT", "MIN", "MEDIAN", "MAX", "MOST FREQUENT"}
	if p.Target != "" {
		heads = append(heads, "WITH "+strings.ToUpper(plain(p.Target)))
	}
	t := a.table(heads...)
	for _, c := range p.Columns {
		about, top := "", "-"
		if c.Approximate {
			about = "~"
		}
		if len(c.Top) > 0 {
			top = fmt.Sprintf("%s (%s)", narrow(c.Top[0].Value), profile.Percent(c.Top[0].Count, p.Rows))
		}
		cells := []string{plain(c.Name), string(c.Type), profile.Percent(c.Missing, p.Rows), about + fmt.Sprint(c.Distinct), c.Show(c.Min), c.Show(c.Quantile(0.5)), c.Show(c.Max), top}
		if p.Target != "" {
			with := "–"
			if c.Target != nil {
				with = fmt.Sprintf("%.3f", c.Target.Value)
			}
			cells = append(cells, with)
		}
		t.row(cells...)
	}
	if err := t.flush(); err != nil || len(p.Alerts) == 0 {
		return err
	}
	fmt.Fprintln(a.out)
	for _, l := range p.Alerts {
		where := ""
		if l.Column != "" {
			where = plain(l.Column) + ": "
		}
		fmt.Fprintf(a.out, "! %s%s\n", where, plain(l.Text))
	}
	return nil
}

func (a *app) datasetPreview() *cobra.Command {
	var k asked
	var rows int
	cmd := &cobra.Command{
		Use: "preview DIGEST|FILE", Short: "Print the first rows of a dataset", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if rows < 1 || rows > 1000 {
				return usageError{fmt.Errorf("--rows: %d; expected 1 to 1000", rows)}
			}
			if err := a.find(cmd.Context(), &k, args[0]); err != nil {
				return err
			}
			defer k.clean()
			sc, err := dataset.Scan(cmd.Context(), k.open, k.spec, dataset.Limits{MaxBytes: 1 << 40})
			if err != nil {
				return err
			}
			defer sc.Close()
			f, err := sc.Next()
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			return a.printRows(sc.Schema(), f, rows)
		},
	}
	k.flags(cmd)
	cmd.Flags().IntVarP(&rows, "rows", "n", 10, "how many rows")
	return cmd
}

// printRows prints rows as a table, or as a list of objects in JSON.
func (a *app) printRows(s frame.Schema, f *frame.Frame, rows int) error {
	if f == nil {
		rows = 0
	} else {
		rows = min(rows, f.Rows())
	}
	names := s.Names()
	var list []map[string]*string
	heads := make([]string, len(names))
	for j, name := range names {
		heads[j] = narrow(name)
	}
	t := newTable(a.out)
	if !a.json {
		t.row(heads...)
	}
	for i := range rows {
		object, cells := map[string]*string{}, make([]string, len(names))
		for j, name := range names {
			c := f.At(j)
			if c.IsNull(i) {
				object[name], cells[j] = nil, "–"
				continue
			}
			text := c.Text(i)
			object[name], cells[j] = &text, narrow(text)
		}
		list = append(list, object)
		if !a.json {
			t.row(cells...)
		}
	}
	if a.json {
		return a.printJSON(filled(list))
	}
	return t.flush()
}

// plain makes a text fit for a terminal: no control signs, which could move the
// cursor or break a table.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) {
			return '�'
		}
		return r
	}, s)
}

// narrow is plain, cut to the width of a cell.
func narrow(s string) string {
	const most = 32
	runes := []rune(plain(frame.Shorten(s)))
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}
