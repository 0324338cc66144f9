package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gristmill"
	"gristmill/dataset"
	"gristmill/pipeline"
)

func (a *app) pipelineCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "pipeline", GroupID: "nouns", Short: "Write, apply, check and show pipelines"}
	cmd.AddCommand(a.pipelineInit(), a.pipelineSchema(), a.pipelineList(), a.pipelineShow(), a.pipelineApply(), a.pipelineCheck())
	return cmd
}

func (a *app) pipelineList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the applied pipelines", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.Pipelines(cmd.Context())
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(filled(list))
			}
			t := a.table("NAME", "DIGEST", "APPLIED", "BY")
			for _, v := range list {
				t.row(v.Name, v.Digest.Short(), stamp(v.AppliedAt), v.AppliedBy)
			}
			return t.flush()
		},
	}
}

func (a *app) pipelineShow() *cobra.Command {
	var digest string
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Print the spec of a pipeline", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePipelines,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			v, err := c.Pipeline(cmd.Context(), args[0], gristmill.Digest(digest))
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(v)
			}
			fmt.Fprint(a.out, v.Text)
			return nil
		},
	}
	cmd.Flags().StringVar(&digest, "digest", "", "an earlier version instead of the current one")
	return cmd
}

func (a *app) pipelineApply() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "apply -f SPEC", Short: "Check a spec and store it as its pipeline's current version",
		Long: `Apply stores an immutable version, named by the digest of its content. Applying
the same content again changes nothing. Runs that go on are not disturbed.`,
		Example: "  gristmill pipeline apply -f mine.yaml", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usageError{fmt.Errorf("pipeline apply: give the spec with -f SPEC")}
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			v, err := a.apply(cmd.Context(), c, file, nil)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(v)
			}
			a.say("applied %s, version %s", v.Name, v.Digest.Short())
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "the spec")
	return cmd
}

func (a *app) pipelineCheck() *cobra.Command {
	var file string
	var pairs []string
	cmd := &cobra.Command{
		Use: "check NAME | check -f SPEC", Short: "Say what a pipeline would run, without running it",
		Long: `Check reads the spec and the columns of its data, and prints the steps, their
queues, and the columns that arrive at each. Every mistake is reported at once,
with its line and column. A spec whose data is a sample or a file of yours is
checked on this machine, without a server.`,
		Example: "  gristmill pipeline check -f mine.yaml\n  gristmill pipeline check churn --set train.l2=2",
		Args:    cobra.MaximumNArgs(1), ValidArgsFunction: a.completePipelines,
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" && len(args) == 1 && isFile(args[0]) {
				file, args = args[0], nil
			}
			if (len(args) == 0) == (file == "") {
				return usageError{fmt.Errorf("pipeline check: give either the name of a pipeline or -f SPEC")}
			}
			set, err := pipeline.ParseSet(pairs)
			if err != nil {
				return err
			}
			var r pipeline.Report
			if file != "" {
				r, err = a.checkFile(cmd.Context(), file, set)
			} else {
				r, err = a.checkApplied(cmd.Context(), args[0], set)
			}
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(r)
			}
			return a.printReport(r)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "the spec")
	cmd.Flags().StringArrayVar(&pairs, "set", nil, "override a key of the spec: section.key=value (again for more)")
	return cmd
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular() && (strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml"))
}

func (a *app) checkApplied(ctx context.Context, name string, set map[string]any) (pipeline.Report, error) {
	c, err := a.client()
	if err != nil {
		return pipeline.Report{}, err
	}
	return c.CheckPipeline(ctx, name, "", set)
}

// checkFile checks here where the data is at hand, else on the server.
func (a *app) checkFile(ctx context.Context, file string, set map[string]any) (pipeline.Report, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return pipeline.Report{}, usageError{err}
	}
	spec, err := pipeline.ParseWith(text, set)
	if err != nil {
		return pipeline.Report{}, inFile(file, err)
	}
	src := spec.Data.Source
	if src.Kind != dataset.FromSample && !src.Relative() { // the worker's, not ours
		c, err := a.client()
		if err != nil {
			return pipeline.Report{}, err
		}
		return c.Check(ctx, string(text), set)
	}
	r, err := (&checker{here{filepath.Dir(file)}}).describe(ctx, spec)
	return r, inFile(file, err)
}

func (a *app) printReport(r pipeline.Report) error {
	a.say("pipeline %s, spec %s", r.Plan.Pipeline, r.Plan.SpecDigest.Short())
	t := a.table("STEP", "QUEUE", "COLUMNS THAT ARRIVE")
	for _, s := range r.Steps {
		names := make([]string, len(s.Columns))
		for i, f := range s.Columns {
			names[i] = f.Name
		}
		columns := ""
		if len(names) > 0 {
			columns = fmt.Sprintf("%d: %s", len(names), strings.Join(names, ", "))
		}
		t.row(s.ID, s.Queue, columns)
	}
	if err := t.flush(); err != nil {
		return err
	}
	for _, s := range r.Steps {
		for _, note := range s.Notes {
			a.say("  %s", note)
		}
	}
	for _, w := range r.Warnings {
		a.say("note: %s", w)
	}
	return nil
}

// completePipelines offers the names of applied pipelines.
func (a *app) completePipelines(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 || a.configure(cmd) != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	c, err := a.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, err := c.Pipelines(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = v.Name
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// filled makes an empty list print as [] instead of null.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
