package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// Run is a run as the server tells of it; its metrics survive JSON.
type Run struct {
	tracking.Run
	Metrics map[string]tracking.Number `json:"metrics"`
}

// RunDetail is a run with its steps, files and datasets.
type RunDetail struct {
	Run
	Steps     []tracking.Step     `json:"steps"`
	Artifacts []tracking.Artifact `json:"artifacts"`
	Inputs    []tracking.Input    `json:"inputs"`
	Result    *pipeline.Result    `json:"result,omitempty"` // of the workflow that drove it, once it has ended
}

// Point is one point of a metric's series.
type Point struct {
	tracking.Metric
	Value tracking.Number `json:"value"`
}

// Workflow says how a training workflow goes.
type Workflow struct {
	WorkflowID string           `json:"workflow_id"`
	RunID      string           `json:"run_id,omitempty"` // once there is a run
	Status     tracking.Status  `json:"status"`
	Message    string           `json:"message,omitempty"`
	Result     *pipeline.Result `json:"result,omitempty"` // once it has ended with one
}

// Done reports whether the workflow has ended.
func (w Workflow) Done() bool { return w.Result != nil || w.Status.Ended() }

// Workflow asks how a workflow goes; with a wait it answers when the workflow
// ends, or after the wait, which is at most a minute.
func (c *Client) Workflow(ctx context.Context, id string, wait time.Duration) (w Workflow, err error) {
	return w, c.get(ctx, escape("/workflows", id), waiting(url.Values{}, wait), &w)
}

func waiting(q url.Values, wait time.Duration) url.Values {
	if wait > 0 {
		q.Set("wait", wait.String())
	}
	return q
}

// Experiments lists experiments.
func (c *Client) Experiments(ctx context.Context, page gristmill.Page) (list []tracking.Experiment, next string, err error) {
	var out struct {
		Experiments []tracking.Experiment `json:"experiments"`
		Next        string                `json:"next_page_token"`
	}
	err = c.get(ctx, api+"/experiments", paged(page), &out)
	return out.Experiments, out.Next, err
}

// Runs lists runs, newest first, without their steps. The filter's project is
// the server's.
func (c *Client) Runs(ctx context.Context, f tracking.RunFilter, page gristmill.Page) (list []Run, next string, err error) {
	q := with(with(with(with(paged(page), "experiment", f.Experiment), "status", string(f.Status)), "model", f.Model), "workflow_id", f.WorkflowID)
	var out struct {
		Runs []Run  `json:"runs"`
		Next string `json:"next_page_token"`
	}
	err = c.get(ctx, api+"/runs", q, &out)
	return out.Runs, out.Next, err
}

// Run returns a run.
func (c *Client) Run(ctx context.Context, id string) (r RunDetail, err error) {
	return r, c.get(ctx, escape("/runs", id), nil, &r)
}

// CancelRun asks a run's workflow to end.
func (c *Client) CancelRun(ctx context.Context, id string) error {
	var out struct{}
	return c.call(ctx, http.MethodPost, escape("/runs", id, "cancel"), nil, nil, &out)
}

// Reproduce starts a run that does another one again on the same bytes, and
// returns the ID of its workflow. What comes out is not registered.
func (c *Client) Reproduce(ctx context.Context, run string, caller *pipeline.Caller) (workflowID string, err error) {
	in := struct {
		Caller *pipeline.Caller `json:"caller,omitempty"`
	}{caller}
	var out struct {
		WorkflowID string `json:"workflow_id"`
	}
	err = c.call(ctx, http.MethodPost, escape("/runs", run, "reproduce"), nil, in, &out)
	return out.WorkflowID, err
}

// CompareRuns says what differs between two runs.
func (c *Client) CompareRuns(ctx context.Context, a, b string) (d tracking.Comparison, err error) {
	return d, c.get(ctx, escape("/runs", a, "diff", b), nil, &d)
}

// UploadDiff keeps what a directory has beyond its commit and returns its
// digest, for pipeline.Caller to name.
func (c *Client) UploadDiff(ctx context.Context, diff []byte) (gristmill.Digest, error) {
	resp, err := c.send(ctx, request{method: http.MethodPost, path: api + "/diffs", body: bytes.NewReader(diff), media: "text/x-diff", size: int64(len(diff))})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var out struct {
		Digest gristmill.Digest `json:"digest"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return "", gristmill.Hide(gristmill.Unavailable, err, "the answer of %s broke off or is none of gristmill's", c.base)
	}
	return out.Digest, nil
}

// MetricHistory returns a metric's series, ordered by step, time, value.
func (c *Client) MetricHistory(ctx context.Context, run, key string) ([]Point, error) {
	var out struct {
		Points []Point `json:"points"`
	}
	err := c.get(ctx, escape("/runs", run, "metrics", key), nil, &out)
	return out.Points, err
}

// Logs are lines of a run's log.
type Logs struct {
	Lines []tracking.Line `json:"lines"`
	After int64           `json:"after"` // ask for the lines after this next
	Ended bool            `json:"ended"` // no lines follow these
}

// Logs returns lines with a sequence number greater than after, of one step or
// ("") all; with a wait it answers when there are some, when the run has ended,
// or after the wait.
func (c *Client) Logs(ctx context.Context, run, step string, after int64, wait time.Duration) (l Logs, err error) {
	q := waiting(with(url.Values{}, "step", step), wait)
	if after > 0 {
		q.Set("after", strconv.FormatInt(after, 10))
	}
	return l, c.get(ctx, escape("/runs", run, "logs"), q, &l)
}

// FollowLogs calls each with every line of the log, those there and those to
// come, until the run has ended, each fails, or ctx ends.
func (c *Client) FollowLogs(ctx context.Context, run, step string, each func(tracking.Line) error) error {
	var after int64
	for {
		l, err := c.Logs(ctx, run, step, after, longPoll)
		if err != nil {
			return err
		}
		for _, line := range l.Lines {
			if err := each(line); err != nil {
				return err
			}
		}
		if l.Ended {
			return nil
		}
		after = l.After
	}
}

// longPoll is how long one long poll waits; proxies cut idle answers after a
// minute or so.
const longPoll = 20 * time.Second

// Artifacts lists a run's files.
func (c *Client) Artifacts(ctx context.Context, run string) ([]tracking.Artifact, error) {
	var out struct {
		Artifacts []tracking.Artifact `json:"artifacts"`
	}
	err := c.get(ctx, escape("/runs", run, "artifacts"), nil, &out)
	return out.Artifacts, err
}

// DownloadArtifact writes a run's file to w and checks its digest.
func (c *Client) DownloadArtifact(ctx context.Context, run, path string, w io.Writer) error {
	return c.download(ctx, escape("/runs", run, "artifacts", path), w)
}
