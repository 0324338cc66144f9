package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"gristmill"
	"gristmill/dataset"
)

func (a *app) datasetCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "dataset", GroupID: "nouns", Short: "Add, list, show and profile dataset versions"}
	cmd.AddCommand(a.datasetList(), a.datasetShow(), a.datasetAdd(), a.datasetProfile(), a.datasetPreview())
	return cmd
}

func (a *app) datasetList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List dataset versions, newest first", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		list, _, err := c.Datasets(cmd.Context(), gristmill.Page{Limit: gristmill.MaxLimit})
		if err != nil {
			return err
		}
		if a.json {
			return a.printJSON(filled(list))
		}
		t := a.table("DIGEST", "NAME", "ROWS", "COLUMNS", "SIZE", "STORED")
		for _, v := range list {
			rows, columns := "-", "-" // not known until something has read it
			if v.Described() {
				rows, columns = fmt.Sprint(v.Rows), fmt.Sprint(len(v.Schema.Fields))
			}
			t.row(string(v.Digest), plain(v.Name), rows, columns, byteSize(v.Size), stamp(v.CreatedAt))
		}
		return t.flush()
	}}
}

func (a *app) datasetShow() *cobra.Command {
	return &cobra.Command{Use: "show DIGEST", Short: "Show a dataset version and its columns", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		v, err := c.Dataset(cmd.Context(), gristmill.Digest(args[0]))
		if err != nil {
			return err
		}
		if a.json {
			return a.printJSON(v)
		}
		a.say("%s  %s  from %s", plain(v.Name), byteSize(v.Size), plain(v.Source))
		if !v.Described() {
			a.say("nothing has read it as a table yet; the first run that does describes it here")
			return nil
		}
		a.say("%d rows, %d columns", v.Rows, len(v.Schema.Fields))
		t := a.table("COLUMN", "TYPE", "MAY BE MISSING")
		for _, f := range v.Schema.Fields {
			missing := "no"
			if f.Nullable {
				missing = "yes"
			}
			t.row(plain(f.Name), string(f.Type), missing)
		}
		return t.flush()
	}}
}

func (a *app) datasetAdd() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: "add FILE", Short: "Store a file as a dataset version; the same bytes are one version", Args: cobra.ExactArgs(1),
		Example: "  gristmill dataset add customers.csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := openFile(args[0])
			if err != nil {
				return usageError{err}
			}
			defer f.Close()
			if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
				return usageError{fmt.Errorf("%s is not a regular file", args[0])}
			} else if info.Size() == 0 {
				return usageError{fmt.Errorf("%s is empty", args[0])}
			}
			if name == "" {
				name = filepath.Base(args[0])
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			v, err := c.UploadDataset(cmd.Context(), name, f)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(v)
			}
			a.say("%s  %s  sha256 %s", plain(v.Name), byteSize(v.Size), v.Digest)
			a.say("in a spec: data: {source: %q}", address(v))
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "a name for people (default: the file's)")
	return cmd
}

// address is how a spec names a stored version.
func address(v dataset.Version) string {
	named := v.Name + "@" + string(v.Digest)
	if s, err := dataset.ParseSource(named); err == nil && s.Kind == dataset.FromStore {
		return named
	}
	return "dataset:" + string(v.Digest)
}

// byteSize renders a number of bytes for people.
func byteSize(n int64) string {
	v, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if v < 1024 {
			break
		}
		v, unit = v/1024, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}
