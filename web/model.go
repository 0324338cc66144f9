package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/serving"
	"gristmill/tracking"
)

// Models is a page of models.
type Models struct {
	Models []registry.Model `json:"models"`
	Next   string           `json:"next_page_token,omitempty"`
}

// Model is a model with its deployment, if it has one.
type Model struct {
	registry.Model
	Deployment *serving.Deployment `json:"deployment,omitempty"`
}

// ModelVersions is a page of a model's versions, newest first, without cards.
type ModelVersions struct {
	Versions []ModelVersion `json:"versions"`
	Next     string         `json:"next_page_token,omitempty"`
}

// ModelVersion is a version on the wire. Its metrics may be NaN.
type ModelVersion struct {
	registry.Version
	Metrics []Measure `json:"metrics"`
	Gates   []Gate    `json:"gates"`
}

// Measure is a measured value with its interval and the baseline's value.
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

func wireVersion(v registry.Version) ModelVersion {
	out := ModelVersion{Version: v, Metrics: make([]Measure, len(v.Metrics)), Gates: make([]Gate, len(v.Gates))}
	for i, m := range v.Metrics {
		out.Metrics[i] = Measure{m.Name, tracking.Number(m.Value), numberOrNil(m.Low), numberOrNil(m.High), numberOrNil(m.Baseline)}
	}
	for i, g := range v.Gates {
		out.Gates[i] = Gate{GateResult: g, Value: tracking.Number(g.Value)}
	}
	return out
}

func (s *server) listModels(r *http.Request) (Models, error) {
	list, next, err := s.Versions.ListModels(r.Context(), s.cfg.Project, pageOf(r))
	return Models{Models: orEmpty(list), Next: next}, err
}

func (s *server) showModel(r *http.Request) (Model, error) {
	m, err := s.Versions.Model(r.Context(), s.cfg.Project, r.PathValue("name"))
	if err != nil {
		return Model{}, err
	}
	d, err := s.deployed(r.Context(), m.Name)
	return Model{Model: m, Deployment: d}, err
}

// deployed returns the model's deployment, nil if it has none.
func (s *server) deployed(ctx context.Context, model string) (*serving.Deployment, error) {
	d, err := s.Deployments.Deployment(ctx, s.cfg.Project, model)
	if isKind(err, gristmill.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &d, nil
}

func (s *server) listVersions(r *http.Request) (ModelVersions, error) {
	name := r.PathValue("name")
	if _, err := s.Versions.Model(r.Context(), s.cfg.Project, name); err != nil {
		return ModelVersions{}, err
	}
	list, next, err := s.Versions.ListVersions(r.Context(), s.cfg.Project, name, pageOf(r))
	out := ModelVersions{Versions: make([]ModelVersion, len(list)), Next: next}
	for i, v := range list {
		out.Versions[i] = wireVersion(v)
	}
	return out, err
}

// findVersion reads the path's version: a number, an alias, or "latest".
func (s *server) findVersion(r *http.Request) (registry.Version, error) {
	name, which := r.PathValue("name"), r.PathValue("version")
	if which == "latest" {
		return s.Versions.Version(r.Context(), s.cfg.Project, name, 0)
	}
	n, err := strconv.Atoi(which)
	if err != nil {
		return s.Versions.ByAlias(r.Context(), s.cfg.Project, name, which)
	}
	if n < 1 || n > 1<<31-1 {
		return registry.Version{}, gristmill.Errorf(gristmill.Invalid,
			"version: %q is no version; expected a number from 1, an alias, or \"latest\"", shorten(which))
	}
	return s.Versions.Version(r.Context(), s.cfg.Project, name, n)
}

func (s *server) showVersion(r *http.Request) (ModelVersion, error) {
	v, err := s.findVersion(r)
	return wireVersion(v), err
}

func (s *server) card(w http.ResponseWriter, r *http.Request) error {
	v, err := s.findVersion(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
	_, _ = io.WriteString(w, v.Card) // a caller that is gone cannot be told
	return nil
}

// cardPage is the file in which a run that registers keeps the card as a page.
const cardPage = "card.html"

// cardHTML answers the card as the page that the version's run keeps.
func (s *server) cardHTML(w http.ResponseWriter, r *http.Request) error {
	v, err := s.findVersion(r)
	if err != nil {
		return err
	}
	a, err := s.cardOf(r.Context(), v)
	if err != nil {
		return err
	}
	if a == nil {
		return gristmill.Errorf(gristmill.NotFound, "%s version %d has no card as a page (its run keeps none); its card in Markdown is at the same address without \".html\"", v.Model, v.Number)
	}
	return send(w, r, stored{name: fmt.Sprintf("%s-%d.html", v.Model, v.Number), media: "text/html; charset=utf-8",
		digest: a.Digest, size: a.Size, policy: documentPolicy,
		open: func() (io.ReadCloser, error) { return s.openArtifact(r, *a) }})
}

// cardOf finds the artifact with the card as a page, nil if the version's run
// has none. A run that registered another version has another's.
func (s *server) cardOf(ctx context.Context, v registry.Version) (*tracking.Artifact, error) {
	if v.RunID == "" {
		return nil, nil
	}
	run, err := s.Runs.Run(ctx, v.RunID)
	if err == nil && run.Tags["gristmill.model"] != fmt.Sprintf("%s@%d", v.Model, v.Number) {
		return nil, nil
	}
	var a tracking.Artifact
	if err == nil {
		a, err = s.Runs.Artifact(ctx, v.RunID, cardPage)
	}
	switch {
	case isKind(err, gristmill.NotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &a, nil
}

func (s *server) modelPackage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.findVersion(r)
	if err != nil {
		return err
	}
	return send(w, r, stored{
		name: fmt.Sprintf("%s-%d.tar", v.Model, v.Number), media: "application/x-tar",
		digest: v.Package.Digest, size: v.Package.Size,
		open: func() (io.ReadCloser, error) { return s.Blobs.Open(r.Context(), v.Package.Digest) },
	})
}

// Reason is the body of a promotion; it may be empty.
type Reason struct {
	Reason string `json:"reason,omitempty"` // why, for the log; "" says that it was asked for by hand
}

func (s *server) promote(r *http.Request, in Reason) (pipeline.PromoteResult, error) {
	v, err := s.findVersion(r)
	if err != nil {
		return pipeline.PromoteResult{}, err
	}
	if in.Reason == "" {
		in.Reason = "promoted by hand"
	}
	return s.Work.Promote(r.Context(), pipeline.PromoteRequest{Project: s.cfg.Project, Model: v.Model, Version: v.Number, Reason: in.Reason})
}

func (s *server) rollback(r *http.Request, in Reason) (pipeline.PromoteResult, error) {
	var none pipeline.PromoteResult
	m, err := s.Versions.Model(r.Context(), s.cfg.Project, r.PathValue("name"))
	if err != nil {
		return none, err
	}
	d, err := s.deployed(r.Context(), m.Name)
	switch {
	case err != nil:
		return none, err
	case d == nil || d.Version == 0:
		return none, gristmill.Errorf(gristmill.Precondition, "model %s is not deployed; there is nothing to roll back", m.Name)
	case d.State == serving.Rolling:
		return none, gristmill.Errorf(gristmill.Precondition, "model %s is being promoted to version %d; wait for its end", m.Name, d.Candidate)
	case d.Previous == 0:
		return none, gristmill.Errorf(gristmill.Precondition, "no version of model %s took traffic before version %d", m.Name, d.Version)
	}
	if in.Reason == "" {
		in.Reason = "rollback"
	}
	return s.Work.Promote(r.Context(), pipeline.PromoteRequest{Project: s.cfg.Project, Model: m.Name, Version: d.Previous, Reason: in.Reason})
}

// AliasIn names the version that an alias shall point at.
type AliasIn struct {
	Version int `json:"version"`
}

// Alias is an alias after a change.
type Alias struct {
	Model   string `json:"model"`
	Alias   string `json:"alias"`
	Version int    `json:"version,omitempty"` // 0: the alias is gone
}

func (s *server) setAlias(r *http.Request, in AliasIn) (Alias, error) {
	name, alias := r.PathValue("name"), r.PathValue("alias")
	if in.Version < 1 {
		return Alias{}, gristmill.Problems("the body is not what this route takes", []gristmill.Problem{{
			Path: "version", Given: strconv.Itoa(in.Version), Want: "a version's number from 1",
			Msg: fmt.Sprintf("version: %d is no version's number; expected one from 1", in.Version)}})
	}
	if err := s.guardChampion(r.Context(), name, alias, strconv.Itoa(in.Version)); err != nil {
		return Alias{}, err
	}
	err := s.Versions.SetAlias(r.Context(), s.cfg.Project, name, alias, in.Version)
	return Alias{name, alias, in.Version}, err
}

func (s *server) deleteAlias(r *http.Request) (Alias, error) {
	name, alias := r.PathValue("name"), r.PathValue("alias")
	if err := s.guardChampion(r.Context(), name, alias, "VERSION"); err != nil {
		return Alias{}, err
	}
	err := s.Versions.DeleteAlias(r.Context(), s.cfg.Project, name, alias)
	return Alias{Model: name, Alias: alias}, err
}

// guardChampion refuses to touch the champion of a deployed model and names the
// command that moves it. The store refuses too, in its transaction.
func (s *server) guardChampion(ctx context.Context, name, alias, version string) error {
	if alias != registry.Champion {
		return nil
	}
	d, err := s.deployed(ctx, name)
	if err != nil || d == nil {
		return err
	}
	return gristmill.Errorf(gristmill.Forbidden,
		"model %s is deployed: only a promotion moves its alias champion; run `gristmill model promote %s %s`", name, name, version)
}

func numberOrNil(f *float64) *tracking.Number {
	if f == nil {
		return nil
	}
	n := tracking.Number(*f)
	return &n
}
