package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gristmill"
)

func (a *app) datasetCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "dataset", GroupID: "nouns", Short: "List, show and profile dataset versions"}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List dataset versions, newest first", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
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
			t := a.table("DIGEST", "NAME", "ROWS", "BYTES", "CREATED")
			for _, v := range list {
				t.row(string(v.Digest), v.Name, fmt.Sprint(v.Rows), fmt.Sprint(v.Size), stamp(v.CreatedAt))
			}
			return t.flush()
		}},
		&cobra.Command{Use: "show DIGEST", Short: "Show a dataset version and its columns", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
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
			a.say("%s  %d rows  %d bytes  from %s", v.Name, v.Rows, v.Size, v.Source)
			t := a.table("COLUMN", "TYPE", "MAY BE MISSING")
			for _, f := range v.Schema.Fields {
				t.row(f.Name, string(f.Type), fmt.Sprint(f.Nullable))
			}
			return t.flush()
		}},
		&cobra.Command{Use: "profile DIGEST", Short: "Print what a dataset's columns hold", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			p, err := c.DatasetProfile(cmd.Context(), gristmill.Digest(args[0]))
			if err != nil {
				return err
			}
			return a.printJSON(p)
		}},
	)
	return cmd
}
