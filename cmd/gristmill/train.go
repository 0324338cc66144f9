package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gristmill"
	"gristmill/client"
	"gristmill/pipeline"
	"gristmill/tracking"
)

func (a *app) trainCommand() *cobra.Command {
	var file, name, id string
	var pairs []string
	var noWait, noDiff bool
	cmd := &cobra.Command{
		Use: "train PIPELINE | --file SPEC", GroupID: "work", Short: "Run a pipeline: fetch, transform, train, evaluate, register, deploy",
		Long: `Train runs an applied pipeline, or applies a spec first, and shows the run until
it ends. Ctrl-C stops watching; the run goes on (end it with "gristmill run cancel").

A relative path in a spec is a file of yours, next to the spec or in the working
directory: it is uploaded once and named by its digest. An absolute path is a file
of the worker's machine.

EXIT STATUS
  0  the run succeeded
  1  it failed, was canceled, or a gate refused the model
  2  wrong usage or a spec that is not valid`,
		Example: "  gristmill train churn\n  gristmill train --file mine.yaml --set train.l2=2\n  gristmill train churn --no-wait --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 0) == (file == "") {
				return usageError{fmt.Errorf("train: give either the name of a pipeline or --file SPEC")}
			}
			set, err := pipeline.ParseSet(pairs)
			if err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			start := client.Start{Set: set, WorkflowID: id, RunName: name, Caller: caller(ctx)}
			if !noDiff {
				a.keepDiff(ctx, c, start.Caller)
			}
			if err := pipeline.RelocateSet(set, a.uploader(ctx, c, ".")); err != nil {
				return err
			}
			var what string
			if file != "" {
				v, err := a.apply(ctx, c, file, set)
				if err != nil {
					return err
				}
				what, start.Digest = v.Name, v.Digest
			} else {
				what = args[0]
			}
			workflow, err := c.StartRun(ctx, what, start)
			if err != nil {
				return err
			}
			if noWait {
				if a.json {
					return a.printJSON(map[string]string{"workflow_id": workflow})
				}
				a.say("%s", workflow)
				return nil
			}
			return a.watch(ctx, c, workflow)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "apply this spec and run it")
	cmd.Flags().StringArrayVar(&pairs, "set", nil, "override a key of the spec: section.key=value (again for more)")
	cmd.Flags().StringVar(&name, "name", "", "name of the run")
	cmd.Flags().StringVar(&id, "workflow-id", "", "ID of the workflow (default: made)")
	cmd.Flags().BoolVar(&noDiff, "no-diff", false, "keep only the commit of this directory with the run, not its uncommitted changes")
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "print the workflow's ID and return")
	cmd.ValidArgsFunction = a.completePipelines
	return cmd
}

// client returns the client of the stack that the configuration names.
func (a *app) client() (*client.Client, error) {
	token, err := a.cfg.secret(a.cfg.Token)
	if err != nil {
		return nil, err
	}
	return client.New(a.cfg.Server, client.Config{Token: token})
}

// apply reads a spec, uploads the caller's files that it names, and applies it.
func (a *app) apply(ctx context.Context, c *client.Client, file string, set map[string]any) (pipeline.Version, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return pipeline.Version{}, usageError{fmt.Errorf("--file: %w", err)}
	}
	if _, err := pipeline.Parse(text); err != nil {
		return pipeline.Version{}, inFile(file, err)
	}
	upload := a.uploader(ctx, c, filepath.Dir(file))
	text, err = pipeline.Relocate(text, func(key, path string) (string, error) {
		if given, ok := set[key].(string); ok {
			return given, nil // overridden: the spec's own file need not be there
		}
		return upload(key, path)
	})
	if err != nil {
		return pipeline.Version{}, inFile(file, err)
	}
	v, err := c.Apply(ctx, string(text), userName())
	return v, inFile(file, err)
}

// inFile puts the file's name before the problems of a spec.
func inFile(file string, err error) error {
	var e *gristmill.Error
	if !errors.As(err, &e) || e.Kind != gristmill.Invalid {
		return err
	}
	return &gristmill.Error{Kind: e.Kind, Msg: file + ": " + e.Msg, Problems: e.Problems, Err: err}
}

// uploader returns what stores a file of the caller: it looks beside the spec,
// then in the working directory.
func (a *app) uploader(ctx context.Context, c *client.Client, dir string) func(key, path string) (string, error) {
	return func(_, path string) (string, error) {
		f, err := openFile(filepath.Join(dir, path))
		if os.IsNotExist(err) {
			f, err = openFile(path)
		}
		if err != nil {
			return "", gristmill.Errorf(gristmill.Invalid, "%v", err)
		}
		defer f.Close()
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			return "", gristmill.Errorf(gristmill.Invalid, "%s is not a regular file", path)
		} else if info.Size() == 0 {
			return "", gristmill.Errorf(gristmill.Invalid, "%s is empty", path)
		}
		v, err := c.UploadDataset(ctx, filepath.Base(path), f)
		if err != nil {
			return "", fmt.Errorf("upload %s: %w", path, err)
		}
		return filepath.Base(path) + "@" + string(v.Digest), nil
	}
}

// caller describes who starts a run from where.
func caller(ctx context.Context) *pipeline.Caller {
	c := &pipeline.Caller{User: userName(), Command: strings.Join(os.Args, " ")}
	if commit, err := git(ctx, "rev-parse", "HEAD"); err == nil {
		c.Commit = commit
		status, err := git(ctx, "status", "--porcelain")
		c.Dirty = err == nil && status != ""
		c.Dir, _ = git(ctx, "rev-parse", "--show-prefix")
	}
	return c
}

func git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	return strings.TrimSpace(string(out)), err
}

func userName() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// watch shows a run until it ends and turns its end into the exit status.
func (a *app) watch(ctx context.Context, c *client.Client, workflow string) error {
	view := a.newView()
	res, err := c.WaitRun(ctx, workflow, view.update)
	view.close()
	if ctx.Err() != nil {
		fmt.Fprintf(a.err, "\nstopped watching; %s goes on\n", workflow)
		return exitStatus(exitFailed)
	}
	if err != nil {
		return err
	}
	if a.json {
		if err := a.printJSON(res); err != nil {
			return err
		}
	} else {
		a.ended(res)
	}
	if res.Status != tracking.Succeeded {
		if a.json && res.Message != "" {
			fmt.Fprintf(a.err, "%s: %s\n", res.Status, firstLine(res.Message))
		}
		if res.RunID == "" {
			return exitStatus(exitUsage) // it never began: the request was no good
		}
		return exitStatus(exitFailed)
	}
	return nil
}

// ended prints how a run ended: the verdict first, then where to look.
func (a *app) ended(res pipeline.Result) {
	line := fmt.Sprintf("%s in %.1f s", res.Status, res.Seconds)
	if res.Message != "" {
		first, rest, _ := strings.Cut(res.Message, "\n")
		if strings.HasSuffix(first, ":") || res.RunID == "" { // a heading says nothing without its first line
			var second string
			second, rest, _ = strings.Cut(rest, "\n")
			first += " " + strings.TrimSpace(second)
		}
		line += ": " + first
		if more := strings.Count(rest, "\n") + 1; rest != "" {
			line += fmt.Sprintf(" (and %d more lines: gristmill run logs %s)", more, res.RunID)
		}
	}
	a.say("%s", line)
	if res.Model != nil {
		state := "registered"
		if res.Deployed {
			state = "registered and deployed"
		}
		a.say("%s %s", res.Model, state)
	}
	if res.RunID != "" {
		a.say("run %s  %s/runs/%s", res.RunID, a.cfg.Server, res.RunID)
	}
	if res.Deployed {
		a.say("ask it:  %s predict %s --file rows.csv%s", self(), res.Model.Name, a.elsewhere())
	}
}
