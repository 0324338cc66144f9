package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gristmill"
	"gristmill/client"
	"gristmill/pipeline"
)

func (a *app) modelCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "model", GroupID: "nouns", Short: "List and show models, promote and roll back versions"}
	cmd.AddCommand(a.modelList(), a.modelVersions(), a.modelShow(), a.modelCard(), a.modelPromote(), a.modelRollback(), a.modelDownload())
	return cmd
}

func (a *app) modelList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the registered models", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, _, err := c.Models(cmd.Context(), gristmill.Page{Limit: gristmill.MaxLimit})
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(filled(list))
			}
			t := a.table("MODEL", "LATEST", "ALIASES", "UPDATED")
			for _, m := range list {
				var aliases []string
				for _, name := range slices.Sorted(maps.Keys(m.Aliases)) {
					aliases = append(aliases, fmt.Sprintf("%s=%d", name, m.Aliases[name]))
				}
				t.row(m.Name, fmt.Sprint(m.Latest), strings.Join(aliases, " "), stamp(m.UpdatedAt))
			}
			return t.flush()
		},
	}
}

func (a *app) modelVersions() *cobra.Command {
	return &cobra.Command{
		Use: "versions MODEL", Short: "List the versions of a model, newest first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, _, err := c.ModelVersions(cmd.Context(), args[0], gristmill.Page{Limit: gristmill.MaxLimit})
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(filled(list))
			}
			t := a.table("VERSION", "ALIASES", "CREATED", "RUN", "TEST METRICS")
			for _, v := range list {
				t.row(fmt.Sprint(v.Number), strings.Join(v.Aliases, " "), stamp(v.CreatedAt), v.RunID, testMetrics(v))
			}
			return t.flush()
		},
	}
}

// testMetrics renders a version's chief test metrics on one line.
func testMetrics(v client.ModelVersion) string {
	var parts []string
	for _, name := range []string{"test_roc_auc", "test_accuracy", "test_rmse", "test_r2"} {
		for _, m := range v.Metrics {
			if m.Name == name {
				parts = append(parts, name+" "+number(float64(m.Value)))
			}
		}
	}
	return strings.Join(parts, "  ")
}

func (a *app) modelShow() *cobra.Command {
	return &cobra.Command{
		Use: "show MODEL [VERSION]", Short: "Show a model, or one of its versions (a number or an alias)", Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				m, err := c.Model(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(m)
				}
				t := a.table()
				t.row("model", m.Name)
				t.row("latest version", fmt.Sprint(m.Latest))
				for _, alias := range slices.Sorted(maps.Keys(m.Aliases)) {
					t.row("alias "+alias, fmt.Sprint(m.Aliases[alias]))
				}
				if m.Deployment != nil {
					t.row("serves", fmt.Sprintf("version %d, generation %d, %s", m.Deployment.Version, m.Deployment.Generation, m.Deployment.State))
				}
				return t.flush()
			}
			v, err := c.ModelVersion(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(v)
			}
			fmt.Fprint(a.out, v.Card)
			return nil
		},
	}
}

func (a *app) modelCard() *cobra.Command {
	var html bool
	var to string
	cmd := &cobra.Command{
		Use: "card MODEL [VERSION]", Short: "Print the card of a version (latest if none is named)",
		Long: `Card prints what is known of a version: its purpose, what was measured of it,
what its errors cost, where it comes from. With --html it is one page that needs
no other file, with the plots in it.`,
		Example: `  gristmill model card churn
  gristmill model card churn champion --html -o churn.html`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			version, get := "latest", c.Card
			if len(args) == 2 {
				version = args[1]
			}
			if html {
				get = c.CardHTML
			}
			card, err := get(cmd.Context(), args[0], version)
			if err != nil {
				return err
			}
			if to != "" && to != "-" {
				err = writeFile(to, func(w io.Writer) error { _, err := io.WriteString(w, card); return err })
				if err == nil && a.json {
					return a.printJSON(map[string]string{"file": to})
				}
				return err
			}
			if a.json {
				return a.printJSON(map[string]string{"card": card})
			}
			fmt.Fprint(a.out, card)
			return nil
		},
	}
	cmd.Flags().BoolVar(&html, "html", false, "the card as one HTML page instead of Markdown")
	cmd.Flags().StringVarP(&to, "output", "o", "", "file to write, - for stdout (default stdout)")
	return cmd
}

func (a *app) modelDownload() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use: "download MODEL VERSION -o FILE", Short: "Download the packed model (docs/model-format.md)", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if to == "" {
				to = fmt.Sprintf("%s-%s.tar", args[0], args[1])
			}
			if to == "-" {
				return c.DownloadPackage(cmd.Context(), args[0], args[1], a.out)
			}
			err = writeFile(to, func(w io.Writer) error { return c.DownloadPackage(cmd.Context(), args[0], args[1], w) })
			if err == nil && a.json {
				return a.printJSON(map[string]string{"file": to})
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&to, "output", "o", "", "file to write, - for stdout (default MODEL-VERSION.tar)")
	return cmd
}

func (a *app) modelPromote() *cobra.Command {
	return &cobra.Command{
		Use: "promote MODEL VERSION", Short: "Make a version take the model's traffic",
		Long: `Promote loads the version on every inference server, tests it there, and then
moves the traffic; if a server cannot load it, the former version goes on.

EXIT STATUS
  0  the version takes traffic
  1  it does not; the former one goes on
  2  no such model or version`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			res, err := c.Promote(cmd.Context(), args[0], args[1], "promoted by hand")
			return a.promoted(res, err)
		},
	}
}

func (a *app) modelRollback() *cobra.Command {
	return &cobra.Command{
		Use: "rollback MODEL", Short: "Bring the version back that took traffic before", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			res, err := c.Rollback(cmd.Context(), args[0], "rollback")
			return a.promoted(res, err)
		},
	}
}

func (a *app) promoted(res pipeline.PromoteResult, err error) error {
	if err != nil {
		return err
	}
	if a.json {
		if err := a.printJSON(res); err != nil {
			return err
		}
	}
	if !res.Deployed {
		fmt.Fprintf(a.err, "not deployed: %s\n", res.Message)
		return exitStatus(exitFailed)
	}
	if !a.json {
		a.say("%s version %d takes traffic", res.Model, res.Version)
	}
	return nil
}
