package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/split"
	"gristmill/ml"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame"
	"gristmill/ml/recipe"
	"gristmill/pipeline"
	"gristmill/registry"
)

func (a *app) checkCommand() *cobra.Command {
	var d dryRun
	var pairs []string
	var junitFile, sarifFile string
	cmd := &cobra.Command{
		Use: "check SPEC...", GroupID: "work", Short: "Try specs as CI does: spec, data, a dry run on a sample, gates",
		Long: `Check tries each spec without a server: that it is valid, that its data can be
read and have the columns that it names, that transforms and algorithm work on a
sample of the rows, that the model passes its gates and checks there, and that
the card says what the spec requires. The reports are what CI systems read.

EXIT STATUS
  0  every spec passed
  1  one did not
  2  wrong usage`,
		Example: "  gristmill check churn.yaml --junit report.xml --sarif report.sarif",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if d.rows < 100 {
				return usageError{fmt.Errorf("--rows: %d; expected at least 100", d.rows)}
			}
			set, err := pipeline.ParseSet(pairs)
			if err != nil {
				return err
			}
			var list []verdict
			passed := true
			for _, file := range args {
				text, err := os.ReadFile(file)
				if err != nil {
					return usageError{err}
				}
				v, err := d.check(cmd.Context(), file, text, set)
				if err != nil {
					return err
				}
				list = append(list, v)
				passed = passed && v.Passed
			}
			if err := writeReports(list, junitFile, sarifFile); err != nil {
				return err
			}
			if err := a.printVerdicts(list); err != nil {
				return err
			}
			if !passed {
				return exitStatus(exitFailed)
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&d.rows, "rows", 2000, "rows of each part of the split in the dry run")
	cmd.Flags().StringArrayVar(&pairs, "set", nil, "override a key of the specs: section.key=value (again for more)")
	cmd.Flags().StringVar(&junitFile, "junit", "", "write a report in JUnit's XML to this file")
	cmd.Flags().StringVar(&sarifFile, "sarif", "", "write a report in SARIF to this file")
	return cmd
}

func writeReports(list []verdict, junitFile, sarifFile string) error {
	for _, r := range []struct {
		file   string
		render func() ([]byte, error)
	}{{junitFile, func() ([]byte, error) { return junit(list) }}, {sarifFile, func() ([]byte, error) { return sarif(list, version()) }}} {
		if r.file == "" {
			continue
		}
		b, err := r.render()
		if err != nil {
			return fmt.Errorf("make report: %w", err)
		}
		if err := os.WriteFile(r.file, b, 0o644); err != nil { //nolint:gosec // a report is for others to read
			return usageError{err}
		}
	}
	return nil
}

func (a *app) printVerdicts(list []verdict) error {
	if a.json {
		return a.printJSON(list)
	}
	for _, v := range list {
		a.say("%s", v.File)
		for _, t := range v.Trials {
			mark := "ok"
			switch {
			case t.Skipped != "":
				mark = "skipped"
			case !t.Passed:
				mark = "FAILED"
			case len(t.Findings) > 0:
				mark = "warning"
			}
			a.say("  %-8s %-28s %s", mark, plain(t.Name), plain(t.Detail+t.Skipped))
			for _, f := range t.Findings {
				if f.Msg != t.Detail {
					a.say("             %s%s", v.place(f), plain(strings.ReplaceAll(f.Msg, "\n", "; ")))
				}
			}
		}
	}
	return nil
}

// dryRun does what a run would do, in this process, on some rows, and keeps
// nothing.
type dryRun struct{ rows int }

// check tries one spec. The error is the context's; everything else is in the
// verdict.
func (d dryRun) check(ctx context.Context, file string, text []byte, set map[string]any) (verdict, error) {
	v := verdict{File: file}
	err := d.try(ctx, &v, filepath.Dir(file), text, set)
	v.judge()
	if ctx.Err() != nil {
		return v, ctx.Err()
	}
	if err != nil && v.Passed {
		return v, err // nothing was noted of it
	}
	return v, nil
}

func (d dryRun) try(ctx context.Context, v *verdict, dir string, text []byte, set map[string]any) error {
	var spec pipeline.Spec
	err := v.try("spec", func() (detail string, err error) {
		spec, err = pipeline.ParseWith(text, set)
		return spec.Name, err
	})
	if err != nil {
		v.skip("the spec is not valid", "data", "dry_run")
		return err
	}
	for _, w := range spec.Warnings {
		v.note("spec", false, warning, w)
	}
	var table dataset.Table
	err = v.try("data", func() (detail string, err error) {
		if table, err = readHere(ctx, dir, spec.Data); err != nil {
			return "", err
		}
		_, err = pipeline.Describe(gristmill.DefaultProject, spec, table.Frame.Schema())
		return fmt.Sprintf("%s: %d rows, %d columns", spec.Data.Source, table.Frame.Rows(), table.Frame.Cols()), err
	})
	if err != nil {
		v.skip("there are no data to try it on", "dry_run")
		return err
	}
	for _, doubt := range dataset.Doubts(table.Frame) {
		v.note("data", false, warning, doubt)
	}
	var report evaluate.Report
	err = v.try("dry_run", func() (detail string, err error) {
		report, err = d.run(ctx, dir, spec, table.Frame)
		return fmt.Sprintf("fitted on %d rows, measured on %d", report.Rows["train"], report.Rows["test"]), public(err)
	})
	if err != nil {
		return err
	}
	d.judge(v, spec, report)
	return nil
}

// public gives problems of ml the form that users see.
func public(err error) error {
	var ps ml.Problems
	if !errors.As(err, &ps) {
		return err
	}
	var list []gristmill.Problem
	for _, p := range ps {
		list = append(list, gristmill.Problem{Path: p.Path, Given: p.Given, Want: p.Want, Msg: p.Msg})
	}
	return gristmill.Problems("the dry run failed", list)
}

// run fits and measures on some rows of each part.
func (d dryRun) run(ctx context.Context, dir string, spec pipeline.Spec, f *frame.Frame) (evaluate.Report, error) {
	parts, err := d.split(ctx, dir, spec, f)
	if err != nil {
		return evaluate.Report{}, err
	}
	y, classes, err := recipe.Targets(f.Column(spec.Data.Target), spec.Train.Task, spec.Data.Positive)
	if err != nil {
		return evaluate.Report{}, err
	}
	all := recipe.Course{X: spec.Data.Features(f).Without(spec.Data.Target), All: f.Without(spec.Data.Target), Y: y, Target: spec.Data.Target, Classes: classes, Positive: spec.Data.Positive}
	r := recipe.Recipe{Rules: spec.Transform, Algorithm: spec.Train.Algorithm, Params: spec.Train.Params, TargetTransform: spec.Train.TargetTransform,
		Threshold: spec.Train.Threshold, Cost: spec.Evaluate.Cost}
	served := recipe.Courses{Train: all.Take(d.some(parts.Train)), Test: all.Take(d.some(parts.Test)), By: spec.Data.Parting().By}
	if len(parts.Validation) > 0 {
		served.Validation = all.Take(d.some(parts.Validation))
	}
	stop := ml.FitOptions{Seed: spec.Train.Seed, Trace: func(ml.Progress) error { return ctx.Err() }}
	model, err := r.Fit(ctx, spec.Name, served.Train, served.Validation, stop)
	if err != nil {
		return evaluate.Report{}, err
	}
	in, err := recipe.Input(ctx, model, spec.Train.Task, served)
	if err != nil {
		return evaluate.Report{}, err
	}
	o := spec.Evaluate.Options
	o.Bootstrap = -1 // a sample's intervals would say little
	return evaluate.Run(ctx, in, o)
}

func (d dryRun) split(ctx context.Context, dir string, spec pipeline.Spec, f *frame.Frame) (split.Parts, error) {
	if spec.Data.Split.File == "" {
		return split.Split(f, spec.Data.Target, spec.Data.Parting(), nil)
	}
	src, err := dataset.ParseSource(spec.Data.Split.File)
	if err != nil {
		return split.Parts{}, err
	}
	ids, err := (here{dir}).Open(ctx, src)
	if err != nil {
		return split.Parts{}, err
	}
	defer ids.Close()
	return split.Split(f, spec.Data.Target, spec.Data.Parting(), ids)
}

// some draws at most d.rows of the rows, the same every time.
func (d dryRun) some(rows []int) []int {
	if len(rows) <= d.rows {
		return rows
	}
	drawn := slices.Clone(rows)
	rng := rand.New(rand.NewPCG(1, uint64(len(rows)))) //nolint:gosec // a sample, no secret
	rng.Shuffle(len(drawn), func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
	drawn = drawn[:d.rows]
	slices.Sort(drawn)
	return drawn
}

// judge notes gates, checks and card.
func (d dryRun) judge(v *verdict, spec pipeline.Spec, report evaluate.Report) {
	metrics := make([]registry.Metric, len(report.Metrics))
	for i, m := range report.Metrics {
		metrics[i] = registry.Metric(m)
	}
	for _, rule := range spec.Evaluate.Gates {
		if strings.HasPrefix(rule.Metric, "cv_") {
			v.skip("a cross-validation is not part of a dry run", "gate "+rule.String())
			continue
		}
		res := rule.Judge(metrics)
		v.note("gate "+res.Rule, res.Passed, failing, res.Reason)
	}
	for _, c := range report.Checks {
		matters := warning
		if c.Refuse {
			matters = failing
		}
		if c.Skipped != "" {
			v.skip(c.Skipped, "check "+c.Name)
			continue
		}
		v.note("check "+c.Name, c.Passed, matters, c.Detail)
	}
	if missing := spec.Register.Card.Missing(); len(missing) > 0 {
		v.note("card", false, failing, fmt.Sprintf("register.card requires %s, and says nothing there: no version would be promoted", strings.Join(missing, ", ")))
	}
}

// readHere reads a spec's table from this machine.
func readHere(ctx context.Context, dir string, s dataset.Spec) (dataset.Table, error) {
	r, err := (here{dir}).Open(ctx, s.Source)
	if err != nil {
		return dataset.Table{}, err
	}
	defer r.Close()
	return dataset.Read(ctx, r, s, dataset.Limits{})
}
