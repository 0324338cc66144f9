package client

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/serving"
	"gristmill/tracking"
)

// Model is a model with its deployment, nil if it has none.
type Model struct {
	registry.Model
	Deployment *serving.Deployment `json:"deployment,omitempty"`
}

// ModelVersion is a version as the server tells of it; its metrics survive
// JSON.
type ModelVersion struct {
	registry.Version
	Metrics []Measure `json:"metrics"`
	Gates   []Gate    `json:"gates"`
}

// Measure is a measured value with its 95 % interval and the trivial baseline's
// value.
type Measure struct {
	Name     string           `json:"name"`
	Value    tracking.Number  `json:"value"`
	Low      *tracking.Number `json:"low,omitempty"`
	High     *tracking.Number `json:"high,omitempty"`
	Baseline *tracking.Number `json:"baseline,omitempty"`
}

// Gate says how the version fared at one gate.
type Gate struct {
	registry.GateResult
	Value tracking.Number `json:"value"`
}

// Models lists models.
func (c *Client) Models(ctx context.Context, page gristmill.Page) (list []registry.Model, next string, err error) {
	var out struct {
		Models []registry.Model `json:"models"`
		Next   string           `json:"next_page_token"`
	}
	err = c.get(ctx, api+"/models", paged(page), &out)
	return out.Models, out.Next, err
}

// Model returns a model.
func (c *Client) Model(ctx context.Context, name string) (m Model, err error) {
	return m, c.get(ctx, escape("/models", name), nil, &m)
}

// ModelVersions lists a model's versions, newest first, without their cards.
func (c *Client) ModelVersions(ctx context.Context, name string, page gristmill.Page) (list []ModelVersion, next string, err error) {
	var out struct {
		Versions []ModelVersion `json:"versions"`
		Next     string         `json:"next_page_token"`
	}
	err = c.get(ctx, escape("/models", name, "versions"), paged(page), &out)
	return out.Versions, out.Next, err
}

// ModelVersion returns a version by its number, an alias, or "latest".
func (c *Client) ModelVersion(ctx context.Context, name, version string) (v ModelVersion, err error) {
	return v, c.get(ctx, escape("/models", name, "versions", version), nil, &v)
}

// Card returns a version's card in Markdown.
func (c *Client) Card(ctx context.Context, name, version string) (string, error) {
	return c.text(ctx, escape("/models", name, "versions", version, "card"))
}

// CardHTML returns a version's card as one page that needs no other file;
// NotFound if its run keeps none.
func (c *Client) CardHTML(ctx context.Context, name, version string) (string, error) {
	return c.text(ctx, escape("/models", name, "versions", version, "card.html"))
}

func (c *Client) text(ctx context.Context, path string) (string, error) {
	resp, err := c.send(ctx, request{method: http.MethodGet, path: path})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", c.unreachable(ctx, err)
	}
	return string(b), nil
}

// DownloadPackage writes a version's packed model, a tar file, to w and checks
// its digest.
func (c *Client) DownloadPackage(ctx context.Context, name, version string, w io.Writer) error {
	return c.download(ctx, escape("/models", name, "versions", version, "package"), w)
}

type reason struct {
	Reason string `json:"reason,omitempty"`
}

// Promote lets a version, given by number or alias, take traffic and waits
// until it does or was rolled back, which Deployed tells.
func (c *Client) Promote(ctx context.Context, name, version, why string) (r pipeline.PromoteResult, err error) {
	return r, c.call(ctx, http.MethodPost, escape("/models", name, "versions", version, "promote"), nil, reason{why}, &r)
}

// Rollback brings the version back that took traffic before.
func (c *Client) Rollback(ctx context.Context, name, why string) (r pipeline.PromoteResult, err error) {
	return r, c.call(ctx, http.MethodPost, escape("/models", name, "rollback"), nil, reason{why}, &r)
}

// SetAlias lets an alias name a version. The champion of a deployed model is
// moved by Promote only: Forbidden.
func (c *Client) SetAlias(ctx context.Context, name, alias string, version int) error {
	var out struct{}
	in := map[string]int{"version": version}
	return c.call(ctx, http.MethodPut, escape("/models", name, "aliases", alias), nil, in, &out)
}

// DeleteAlias deletes an alias.
func (c *Client) DeleteAlias(ctx context.Context, name, alias string) error {
	var out struct{}
	return c.call(ctx, http.MethodDelete, escape("/models", name, "aliases", alias), nil, nil, &out)
}

// Deployments lists deployments with what the live servers report.
func (c *Client) Deployments(ctx context.Context) ([]serving.Deployment, error) {
	var out struct {
		Deployments []serving.Deployment `json:"deployments"`
	}
	err := c.get(ctx, api+"/deployments", nil, &out)
	return out.Deployments, err
}

// Deployment returns a model's deployment.
func (c *Client) Deployment(ctx context.Context, model string) (d serving.Deployment, err error) {
	return d, c.get(ctx, escape("/deployments", model), nil, &d)
}

// Experiment returns an experiment by its number.
func (c *Client) Experiment(ctx context.Context, id int64) (e tracking.Experiment, err error) {
	return e, c.get(ctx, escape("/experiments", strconv.FormatInt(id, 10)), nil, &e)
}
