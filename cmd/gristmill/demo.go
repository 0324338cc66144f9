//go:build !lean

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gristmill"
	"gristmill/client"
	"gristmill/dataset"
	"gristmill/ml/frame/csv"
	"gristmill/pipeline"
	"gristmill/tracking"
)

func (a *app) demoCommand() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use: "demo", GroupID: "work", Short: "Start the stack, train two models on real data, and ask them",
		Long: `Demo uses the stack that runs on --data, or starts one. It trains the pipelines
housing (sale prices in Ames, Iowa) and churn (customers of a telecommunications
company), asks each deployed model for predictions over HTTP, prints one table,
and stays up until Ctrl-C; with --once it ends. No internet is needed.

EXIT STATUS
  0  both models were trained, deployed and asked
  1  one was not
  2  the stack could not start`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s, ok := awaitRunning(cmd.Context(), a.cfg.Data); ok {
				a.cfg.Server, a.cfg.Inference = s.HTTP, s.Inference
				return a.demo(cmd.Context())
			}
			a.cfg.Server, a.cfg.Inference = "http://"+a.cfg.HTTPAddr, "http://"+a.cfg.InferenceAddr
			return a.up(cmd.Context(), func(ctx context.Context) error {
				if err := a.demo(ctx); err != nil || once {
					return err
				}
				a.say("\nup until Ctrl-C")
				<-ctx.Done()
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "end when the work is done")
	a.stackFlags(cmd)
	return cmd
}

// awaitRunning is running for a stack that may just be starting: it waits until
// that is ready, or gone.
func awaitRunning(ctx context.Context, dir string) (state, bool) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		s, ok := running(dir)
		if !ok || s.Ready {
			return s, ok
		}
		select {
		case <-ctx.Done():
			return s, false
		case <-tick.C:
		}
	}
}

// showing is what the demo shows of one pipeline.
type showing struct {
	Result  pipeline.Result `json:"result"`
	Seconds float64         `json:"seconds"` // from the command to the prediction
	Answer  json.RawMessage `json:"answer"`
	version client.ModelVersion
}

func (a *app) demo(ctx context.Context) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	var shown []showing
	for _, name := range []string{"housing", "churn"} {
		a.say("\ntraining %s", name)
		s, err := a.show(ctx, c, name)
		if err != nil {
			return err
		}
		shown = append(shown, s)
	}
	if a.json {
		return a.printJSON(shown)
	}
	return a.printDemo(shown)
}

// show trains one pipeline and asks the model that it deployed.
func (a *app) show(ctx context.Context, c *client.Client, name string) (s showing, err error) {
	began := time.Now()
	workflow, err := c.StartRun(ctx, name, client.Start{Caller: caller(ctx)})
	if err != nil {
		return s, err
	}
	view := a.newView()
	s.Result, err = c.WaitRun(ctx, workflow, view.update)
	view.close()
	if err != nil {
		return s, err
	}
	if s.Result.Status != tracking.Succeeded || s.Result.Model == nil {
		return s, gristmill.Errorf(gristmill.Internal, "%s ended as %s: %s", name, s.Result.Status, s.Result.Message)
	}
	rows, err := sampleRows(ctx, c, name, 3)
	if err != nil {
		return s, err
	}
	if s.Answer, err = a.ask(ctx, s.Result.Model.Name, rows); err != nil {
		return s, err
	}
	s.Seconds = time.Since(began).Seconds()
	s.version, err = c.ModelVersion(ctx, s.Result.Model.Name, fmt.Sprint(s.Result.Model.Version))
	return s, err
}

// sampleRows returns the first rows of a pipeline's sample as CSV.
func sampleRows(ctx context.Context, c *client.Client, name string, n int) ([]byte, error) {
	v, err := c.Pipeline(ctx, name, "")
	if err != nil {
		return nil, err
	}
	spec, err := pipeline.Load(v.Spec, nil)
	if err != nil {
		return nil, err
	}
	src := spec.Data.Source
	r, err := (here{}).Open(ctx, src)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	t, err := dataset.Read(ctx, r, spec.Data, dataset.Limits{})
	if err != nil {
		return nil, err
	}
	rows := make([]int, min(n, t.Frame.Rows()))
	for i := range rows {
		rows[i] = i
	}
	var b bytes.Buffer
	err = csv.Write(&b, t.Frame.Without(spec.Data.Target).Take(rows))
	return b.Bytes(), err
}

func (a *app) printDemo(shown []showing) error {
	a.say("")
	t := a.table("MODEL", "METRIC", "VALUE", "95 % INTERVAL", "BASELINE", "TOOK", "PREDICTIONS")
	for _, s := range shown {
		model, took, answer := s.Result.Model.String(), fmt.Sprintf("%.1f s", s.Seconds), predictions(s.Answer)
		for _, name := range []string{"test_rmse", "test_r2", "test_roc_auc", "test_accuracy", "test_log_loss"} {
			for _, m := range s.version.Metrics {
				if m.Name != name {
					continue
				}
				span, base := "", ""
				if m.Low != nil && m.High != nil {
					span = number(float64(*m.Low)) + " to " + number(float64(*m.High))
				}
				if m.Baseline != nil {
					base = number(float64(*m.Baseline))
				}
				t.row(model, name, number(float64(m.Value)), span, base, took, answer)
				model, took, answer = "", "", ""
			}
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	a.say("\nlook at it   %s", a.cfg.Server)
	for _, s := range shown {
		a.say("             %s/models/%s/versions/%d", a.cfg.Server, s.Result.Model.Name, s.Result.Model.Version)
	}
	a.say("go on with   %s pipeline show churn%s > mine.yaml", self(), a.elsewhere())
	a.say("             %s train --file mine.yaml --set train.l2=0.5%s", self(), a.elsewhere())
	a.say("             %s model list%s", self(), a.elsewhere())
	return nil
}

// predictions renders an answer's predictions on one line.
func predictions(answer json.RawMessage) string {
	var body struct {
		Predictions []any `json:"predictions"`
	}
	if json.Unmarshal(answer, &body) != nil {
		return ""
	}
	text := ""
	for i, p := range body.Predictions {
		if i > 0 {
			text += ", "
		}
		if v, ok := p.(float64); ok {
			text += fmt.Sprintf("%.0f", v)
		} else {
			text += fmt.Sprint(p)
		}
	}
	return text
}
