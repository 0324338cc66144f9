package client

import (
	"context"
	"net/http"
	"net/url"

	"gristmill"
	"gristmill/pipeline"
)

// spec is a spec on its way to the server.
type spec struct {
	Text string         `json:"text"`
	By   string         `json:"by,omitempty"`
	Set  map[string]any `json:"set,omitempty"`
}

// Apply checks a spec's YAML and makes it its pipeline's current version.
func (c *Client) Apply(ctx context.Context, text, by string) (v pipeline.Version, err error) {
	return v, c.call(ctx, http.MethodPost, api+"/pipelines", nil, spec{Text: text, By: by}, &v)
}

// Check says what a spec's YAML would run, with overrides by dotted key.
func (c *Client) Check(ctx context.Context, text string, set map[string]any) (r pipeline.Report, err error) {
	return r, c.call(ctx, http.MethodPost, api+"/pipelines/check", nil, spec{Text: text, Set: set}, &r)
}

// CheckPipeline says what an applied pipeline would run. Digest "" means its
// current version.
func (c *Client) CheckPipeline(ctx context.Context, name string, digest gristmill.Digest, set map[string]any) (r pipeline.Report, err error) {
	in := struct {
		Digest gristmill.Digest `json:"digest,omitempty"`
		Set    map[string]any   `json:"set,omitempty"`
	}{digest, set}
	return r, c.call(ctx, http.MethodPost, escape("/pipelines", name, "check"), nil, in, &r)
}

// Pipelines lists the current versions of all pipelines.
func (c *Client) Pipelines(ctx context.Context) ([]pipeline.Version, error) {
	var out struct {
		Pipelines []pipeline.Version `json:"pipelines"`
	}
	err := c.get(ctx, api+"/pipelines", nil, &out)
	return out.Pipelines, err
}

// Pipeline returns the version of that digest, or the current one for "".
func (c *Client) Pipeline(ctx context.Context, name string, digest gristmill.Digest) (v pipeline.Version, err error) {
	return v, c.get(ctx, escape("/pipelines", name), with(url.Values{}, "digest", string(digest)), &v)
}

// PipelineVersions lists a pipeline's versions, newest first.
func (c *Client) PipelineVersions(ctx context.Context, name string) ([]pipeline.Version, error) {
	var out struct {
		Versions []pipeline.Version `json:"versions"`
	}
	err := c.get(ctx, escape("/pipelines", name, "versions"), nil, &out)
	return out.Versions, err
}

// Start says how a run is started; its zero value runs the current version.
type Start struct {
	Set        map[string]any   `json:"set,omitempty"`         // overrides by dotted key
	WorkflowID string           `json:"workflow_id,omitempty"` // "" lets the server make one
	Digest     gristmill.Digest `json:"digest,omitempty"`      // an applied version; "" means the current one
	Caller     *pipeline.Caller `json:"caller,omitempty"`
	RunName    string           `json:"run_name,omitempty"`
}

// StartRun starts a run of a pipeline and returns the ID of its workflow. A run
// that is started with a WorkflowID can be started again without harm: the
// second is a Conflict.
func (c *Client) StartRun(ctx context.Context, name string, s Start) (workflowID string, err error) {
	var out struct {
		WorkflowID string `json:"workflow_id"`
	}
	err = c.call(ctx, http.MethodPost, escape("/pipelines", name, "runs"), nil, s, &out)
	return out.WorkflowID, err
}
