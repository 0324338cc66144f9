package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/remote"
	"gristmill/ml/frame"
	"gristmill/pipeline/schema"
	"gristmill/pipeline/starter"
)

// initFlags are the flags of pipeline init.
type initFlags struct {
	data            dataset.Spec // source, target, positive, and how the table is read
	name, output    string
	force, readAsIs bool
}

func (a *app) pipelineInit() *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use: "init DATA --target COLUMN", Short: "Write a first spec for a table, with a reason for every guess",
		Long: `Init looks at every column of a table and writes a commented spec that trains as
it stands: which columns help and which do not, what happens to each kind of
column, a fitting algorithm, the split, gates against the baseline.

DATA is a file (CSV or Parquet, also gzipped), sample:NAME or an https address.
Without --target it lists the columns and says which may be what to predict.
Nothing is sent anywhere; a file that is there already is kept, unless --force.`,
		Example: "  gristmill pipeline init houses.csv --target price\n  gristmill pipeline init customers.csv --target churned --positive yes -o churn.yaml\n  gristmill train --file churn.yaml",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.initialize(cmd.Context(), args[0], f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data.Target, "target", "", "the column to predict")
	flags.StringVar(&f.data.Positive, "positive", "", "of two classes, the one that counts as positive")
	flags.StringVar(&f.name, "name", "", "the pipeline's name (default: the file's)")
	flags.StringVarP(&f.output, "output", "o", "", `where to write the spec; "-" is stdout (default NAME.yaml)`)
	flags.BoolVar(&f.force, "force", false, "write over a file that is there")
	flags.BoolVar(&f.readAsIs, "as-is", false, "do not guess which words stand for no value and how dates are written")
	flags.StringVar(&f.data.Format, "format", "", "csv or parquet (default: what the bytes are)")
	flags.StringVar(&f.data.Separator, "separator", "", `of cells: one character or "tab" (default ",")`)
	flags.StringVar(&f.data.Encoding, "encoding", "", "of text, such as windows-1252 (default: utf-8)")
	flags.StringVar(&f.data.Decimal, "decimal", "", `the decimal mark (default ".")`)
	return cmd
}

func (a *app) pipelineSchema() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of specs, from which editors complete them",
		Long: `Schema prints the JSON Schema (draft 2020-12) of a pipeline's spec. Save it and
name it in the first line of a spec, and an editor with a YAML language server
completes its keys and marks mistakes while you type.`,
		Example: "  gristmill pipeline schema > gristmill.schema.json\n  # yaml-language-server: $schema=gristmill.schema.json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(schema.JSON())
			return err
		},
	}
}

// initialized is what init prints with --json.
type initialized struct {
	File    string              `json:"file,omitempty"` // "" for stdout
	Name    string              `json:"name,omitempty"`
	Target  string              `json:"target,omitempty"`
	Spec    string              `json:"spec,omitempty"`
	Notes   []string            `json:"notes,omitempty"`
	Columns []starter.Candidate `json:"columns,omitempty"` // without a target
}

func (a *app) initialize(ctx context.Context, source string, f initFlags) error {
	var err error
	if f.data.Source, err = dataset.ParseSource(source); err != nil {
		return err
	}
	if f.name == "" {
		f.name = nameOf(source)
	}
	toFile := f.output != "-"
	if f.output == "" {
		f.output = f.name + ".yaml"
	}
	if _, err := os.Stat(f.output); toFile && err == nil && !f.force && f.data.Target != "" {
		return usageError{fmt.Errorf("%s is there already; give another name with -o, or --force to write over it", f.output)}
	}
	table, data, notes, err := a.readTwice(ctx, f)
	if err != nil {
		return err
	}
	if f.data.Target == "" {
		return a.candidates(table, source)
	}
	if data.Source.Relative() && toFile { // a spec's paths are seen from the spec
		if data.Source, err = besideSpec(source, f.output); err != nil {
			return err
		}
	}
	text, more, err := starter.Write(starter.Input{Name: f.name, Data: data, Frame: table})
	if err != nil {
		return err
	}
	notes = append(notes, more...)
	if !toFile {
		if a.json {
			return a.printJSON(initialized{Name: f.name, Target: f.data.Target, Spec: string(text), Notes: notes})
		}
		_, err := a.out.Write(text)
		return err
	}
	if err := writeFile(f.output, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(initialized{File: f.output, Name: f.name, Target: f.data.Target, Spec: string(text), Notes: notes})
	}
	for _, n := range notes {
		a.say("  %s", n)
	}
	a.say("%s is written; every guess in it has its reason. Next:\n  gristmill train --file %s", f.output, f.output)
	return nil
}

// readTwice reads the table, and once more if its words for no value or its
// dates ask for it.
func (a *app) readTwice(ctx context.Context, f initFlags) (*frame.Frame, dataset.Spec, []string, error) {
	table, err := a.readHere(ctx, f.data)
	if err != nil || f.readAsIs {
		return table, f.data, nil, err
	}
	r := starter.Reread(table)
	if r.Empty() {
		return table, f.data, nil, nil
	}
	f.data.Nulls, f.data.Dates = r.Nulls, r.Dates
	table, err = a.readHere(ctx, f.data)
	return table, f.data, r.Notes, err
}

// readHere reads a table on this machine.
func (a *app) readHere(ctx context.Context, s dataset.Spec) (*frame.Frame, error) {
	reach, err := remote.NewReach(splitList(a.cfg.AllowURL))
	if err != nil {
		return nil, err
	}
	sources := dataset.Sources{dataset.FromFile: here{"."}, dataset.FromSample: here{"."},
		dataset.FromHTTP: remote.NewHTTP(reach, a.cfg.sourceSecret, remote.HTTPConfig{})}
	if _, ok := sources[s.Source.Kind]; !ok {
		return nil, gristmill.Errorf(gristmill.Invalid, "%s cannot be read from here; expected a file, sample:NAME or an https address", s.Source)
	}
	r, err := sources.Open(ctx, s.Source)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	s.Target, s.Positive = "", "" // what is wrong with them, starter says better
	table, err := dataset.Read(ctx, r, s, dataset.Limits{})
	return table.Frame, err
}

// splitList parts a list of the configuration.
func splitList(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// candidates prints the columns for somebody who has not said what to predict.
func (a *app) candidates(f *frame.Frame, source string) error {
	list := starter.Candidates(f)
	if a.json {
		return a.printJSON(initialized{Columns: list})
	}
	a.say("%s has %d rows and %d columns. Which one is to be predicted? Say it with --target.", source, f.Rows(), f.Cols())
	t := a.table("COLUMN", "TYPE", "VALUES", "")
	for _, c := range list {
		why := ""
		if c.Why != "" {
			why = "perhaps: " + c.Why
		}
		t.row(c.Name, string(c.Type), c.Seen, why)
	}
	return t.flush()
}

// nameOf makes a pipeline's name of a file's.
func nameOf(source string) string {
	_, rest, ok := strings.Cut(source, ":")
	if !ok || len(source)-len(rest) <= 2 { // no scheme; C: is a drive
		rest = source
	}
	rest, _, _ = strings.Cut(rest, "?")
	base := filepath.Base(filepath.ToSlash(rest))
	for _, suffix := range []string{".gz", ".csv", ".tsv", ".txt", ".parquet", ".data"} {
		base = strings.TrimSuffix(base, suffix)
	}
	base = regexp.MustCompile(`[^A-Za-z0-9_-]+`).ReplaceAllString(base, "_")
	if base = strings.Trim(base, "_-"); base == "" {
		return "model"
	}
	return base[:min(len(base), 100)]
}

// besideSpec returns the address of a file as the spec at output has it.
func besideSpec(path, output string) (dataset.SourceSpec, error) {
	from, err := filepath.Abs(filepath.Dir(output))
	if err != nil {
		return dataset.SourceSpec{}, fmt.Errorf("find %s: %w", output, err)
	}
	file, err := filepath.Abs(path)
	if err != nil {
		return dataset.SourceSpec{}, fmt.Errorf("find %s: %w", path, err)
	}
	if rel, err := filepath.Rel(from, file); err == nil {
		file = rel
	}
	return dataset.ParseSource(filepath.ToSlash(file))
}
