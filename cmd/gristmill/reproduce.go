package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"gristmill/client"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// reproduction is what `run reproduce --json` prints.
type reproduction struct {
	RunID      string              `json:"run_id"` // the new run
	Reproduces string              `json:"reproduces"`
	Same       bool                `json:"same"` // weights and metrics are equal to the last bit
	Comparison tracking.Comparison `json:"comparison"`
}

func (a *app) runReproduce() *cobra.Command {
	return &cobra.Command{
		Use: "reproduce ID", Short: "Do a run again and say whether the same comes out", Args: cobra.ExactArgs(1),
		Long: `Reproduce runs the same version of the pipeline with the same overrides on the
same bytes, whatever the source gives today, and compares weights and metrics
with those of the first run to the last bit. What comes out is not registered.

EXIT STATUS
  0  weights and metrics are the same
  1  they differ, or the run failed
  2  wrong usage`,
		Example: "  gristmill run reproduce 4bc1…",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			workflow, err := c.Reproduce(ctx, args[0], caller(ctx))
			if err != nil {
				return err
			}
			view := a.newView()
			res, err := c.WaitRun(ctx, workflow, view.update)
			view.close()
			if err != nil {
				return err
			}
			if res.WeightsSHA256 == "" || res.RunID == "" {
				a.ended(res)
				return exitStatus(exitFailed)
			}
			cmp, err := c.CompareRuns(ctx, args[0], res.RunID)
			if err != nil {
				return err
			}
			return a.printReproduction(reproduction{RunID: res.RunID, Reproduces: args[0], Same: cmp.SameWeights && cmp.SameMetrics, Comparison: cmp})
		},
	}
}

func (a *app) printReproduction(r reproduction) error {
	switch {
	case a.json:
		if err := a.printJSON(r); err != nil {
			return err
		}
	case r.Same:
		a.say("the same: run %s has the weights and metrics of run %s to the last bit", r.RunID, r.Reproduces)
	default:
		a.say("not the same: run %s differs from run %s", r.RunID, r.Reproduces)
		var list []tracking.Difference
		for _, d := range r.Comparison.Differences {
			if d.Kind != tracking.DiffSpec { // data.source, register and deploy differ by intent
				list = append(list, d)
			}
		}
		if err := a.printDifferences(list); err != nil {
			return err
		}
	}
	if !r.Same {
		return exitStatus(exitFailed)
	}
	return nil
}

func (a *app) runDiff() *cobra.Command {
	return &cobra.Command{
		Use: "diff A B", Short: "Say what differs between two runs", Args: cobra.ExactArgs(2),
		Long:    "Diff compares two runs: the spec that they ran, the bytes that they read, the\ncode that made them, their weights and their metrics.",
		Example: "  gristmill run diff 4bc1… 77a0…",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			cmp, err := c.CompareRuns(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(cmp)
			}
			for _, s := range []struct {
				what string
				same bool
			}{{"spec", cmp.SameSpec}, {"data", cmp.SameData}, {"weights", cmp.SameWeights}, {"metrics", cmp.SameMetrics}} {
				verdict := "differ"
				if s.same {
					verdict = "the same"
				}
				a.say("%-8s %s", s.what, verdict)
			}
			return a.printDifferences(cmp.Differences)
		},
	}
}

func (a *app) printDifferences(list []tracking.Difference) error {
	if len(list) == 0 {
		return nil
	}
	t := a.table("WHAT", "KEY", "A", "B")
	for _, d := range list {
		t.row(d.Kind, d.Key, orDash(d.A), orDash(d.B))
	}
	return t.flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// keepDiff uploads what the caller's directory has beyond its commit, so that
// the run can be understood when the directory has moved on. A run does not
// depend on it: what cannot be kept is left out and said.
func (a *app) keepDiff(ctx context.Context, c *client.Client, from *pipeline.Caller) {
	if !from.Dirty {
		return
	}
	if unknown, err := git(ctx, "ls-files", "--others", "--exclude-standard", "--directory", "--", "."); err == nil && unknown != "" {
		fmt.Fprintf(a.err, "note: files that git does not track are not kept with the run (%s)\n", some(strings.Split(unknown, "\n")))
	}
	diff, err := workDiff(ctx, "", pipeline.MaxDiff)
	if err == nil && len(diff) > 0 {
		from.Diff, err = c.UploadDiff(ctx, diff)
	}
	if err != nil {
		fmt.Fprintf(a.err, "note: the diff of this directory is not kept with the run: %s\n", strings.TrimSpace(err.Error()))
	}
}

// some names the first few of a list.
func some(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}

// workDiff returns what a directory ("" is the current one) has beyond its
// commit. Git is ended as soon as it has written more than limit bytes, which is
// data rather than code. External diffs and text conversions take no part.
func workDiff(ctx context.Context, dir string, limit int64) ([]byte, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, "git", "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--binary", "HEAD", "--", ".")
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("run git diff: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run git diff: %w", err)
	}
	diff, err := io.ReadAll(io.LimitReader(out, limit+1))
	if int64(len(diff)) > limit {
		stop()
		_ = cmd.Wait() // it was killed
		return nil, fmt.Errorf("it is larger than the %d bytes that are kept", limit)
	}
	if ended := cmd.Wait(); ended != nil || err != nil {
		return nil, fmt.Errorf("run git diff: %w", cmp.Or(ended, err))
	}
	return diff, nil
}
