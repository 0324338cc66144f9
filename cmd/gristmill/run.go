package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gristmill"
	"gristmill/client"
	"gristmill/tracking"
)

func (a *app) runCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "run", GroupID: "nouns", Short: "List, show, follow, compare, reproduce and cancel runs"}
	cmd.AddCommand(a.runList(), a.runShow(), a.runLogs(), a.runCancel(), a.runReproduce(), a.runDiff())
	return cmd
}

func (a *app) runList() *cobra.Command {
	var f tracking.RunFilter
	var status string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List runs, newest first", Args: cobra.NoArgs,
		Example: "  gristmill run list --experiment churn --limit 5",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			f.Status = tracking.Status(status)
			list, _, err := c.Runs(cmd.Context(), f, gristmill.Page{Limit: limit})
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(filled(list))
			}
			t := a.table("RUN", "EXPERIMENT", "STATUS", "STARTED", "TOOK", "MESSAGE")
			for _, r := range list {
				took := ""
				if r.EndedAt != nil {
					took = short(r.EndedAt.Sub(r.StartedAt))
				}
				t.row(r.ID, r.Experiment, string(r.Status), stamp(r.StartedAt), took, firstLine(r.Message))
			}
			return t.flush()
		},
	}
	cmd.Flags().StringVar(&f.Experiment, "experiment", "", "only runs of this experiment")
	cmd.Flags().StringVar(&status, "status", "", "only runs in this state")
	cmd.Flags().StringVar(&f.Model, "model", "", "only runs that registered a version of this model")
	cmd.Flags().IntVar(&limit, "limit", 50, "at most so many")
	return cmd
}

func firstLine(s string) string { line, _, _ := strings.Cut(s, "\n"); return line }

func (a *app) runShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show a run: steps, params, metrics, tags, files", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			r, err := c.Run(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(r)
			}
			return a.printRun(r)
		},
	}
}

func (a *app) printRun(r client.RunDetail) error {
	t := a.table()
	t.row("run", r.ID)
	t.row("experiment", r.Experiment)
	t.row("status", string(r.Status))
	if r.Message != "" {
		t.row("message", r.Message)
	}
	t.row("started", stamp(r.StartedAt))
	if r.EndedAt != nil {
		t.row("took", short(r.EndedAt.Sub(r.StartedAt)))
	}
	t.row("workflow", r.WorkflowID)
	for _, s := range r.Steps {
		took := ""
		if s.StartedAt != nil && s.EndedAt != nil {
			took = short(s.EndedAt.Sub(*s.StartedAt))
		}
		t.row("step "+s.ID, fmt.Sprintf("%s  attempts %d  %s", s.Status, s.Attempts, took))
	}
	for _, k := range slices.Sorted(maps.Keys(r.Metrics)) {
		t.row("metric "+k, number(float64(r.Metrics[k])))
	}
	for _, k := range slices.Sorted(maps.Keys(r.Params)) {
		t.row("param "+k, r.Params[k])
	}
	for _, k := range slices.Sorted(maps.Keys(r.Tags)) {
		if k == tracking.ResultTag { // all of it stands above
			continue
		}
		t.row("tag "+k, firstLine(r.Tags[k]))
	}
	for _, f := range r.Artifacts {
		t.row("file "+f.Path, fmt.Sprintf("%d bytes", f.Size))
	}
	return t.flush()
}

func (a *app) runLogs() *cobra.Command {
	var follow bool
	var step string
	cmd := &cobra.Command{
		Use: "logs ID", Short: "Print the log of a run's steps", Args: cobra.ExactArgs(1),
		Example: "  gristmill run logs 4bc1… --step train -f",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			var lines []tracking.Line
			each := func(l tracking.Line) error {
				if a.json {
					lines = append(lines, l)
					return nil
				}
				_, err := fmt.Fprintf(a.out, "%s  %-9s  %-5s  %s\n", stamp(l.Time), l.Step, l.Level, l.Text)
				return err
			}
			if follow {
				err = c.FollowLogs(ctx, args[0], step, each)
			} else {
				err = allLogs(cmd, c, args[0], step, each)
			}
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(filled(lines))
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on until the run ends")
	cmd.Flags().StringVar(&step, "step", "", "only this step")
	return cmd
}

func allLogs(cmd *cobra.Command, c *client.Client, run, step string, each func(tracking.Line) error) error {
	for after := int64(0); ; {
		l, err := c.Logs(cmd.Context(), run, step, after, 0)
		if err != nil {
			return err
		}
		for _, line := range l.Lines {
			if err := each(line); err != nil {
				return err
			}
		}
		if len(l.Lines) == 0 {
			return nil
		}
		after = l.After
	}
}

func (a *app) runCancel() *cobra.Command {
	return &cobra.Command{
		Use: "cancel ID", Short: "Ask a run to end", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if err := c.CancelRun(cmd.Context(), args[0]); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(map[string]string{"run_id": args[0], "status": "canceling"})
			}
			a.say("%s is being canceled", args[0])
			return nil
		},
	}
}
