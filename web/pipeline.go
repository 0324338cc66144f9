package web

import (
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"gristmill"
	"gristmill/pipeline"
)

// Pipelines are the current versions of all pipelines.
type Pipelines struct {
	Pipelines []pipeline.Version `json:"pipelines"`
}

// PipelineVersions are all applied versions of one pipeline, newest first.
type PipelineVersions struct {
	Versions []pipeline.Version `json:"versions"`
}

// SpecIn is a spec on its way in.
type SpecIn struct {
	Text string         `json:"text"`          // YAML
	By   string         `json:"by,omitempty"`  // who applies it, for people
	Set  map[string]any `json:"set,omitempty"` // overrides by dotted key; for a check only
}

// readSpec reads a spec sent as YAML, or as JSON with its text in a field.
func readSpec(r *http.Request) (SpecIn, error) {
	var in SpecIn
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media == "application/json" {
		if err := readJSON(r, &in); err != nil {
			return in, err
		}
	} else {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return in, bodyError(err)
		}
		in.Text = string(body)
	}
	if strings.TrimSpace(in.Text) == "" {
		return in, gristmill.Errorf(gristmill.Invalid, "the body holds no spec; send its YAML, or JSON with the field text")
	}
	if !utf8.ValidString(in.Text) {
		return in, gristmill.Errorf(gristmill.Invalid, "the spec is no UTF-8 text")
	}
	return in, nil
}

func (s *server) listPipelines(r *http.Request) (Pipelines, error) {
	list, err := s.Pipelines.ListPipelines(r.Context(), s.cfg.Project)
	return Pipelines{Pipelines: orEmpty(list)}, err
}

func (s *server) applyPipeline(r *http.Request, in SpecIn) (pipeline.Version, error) {
	if len(in.Set) > 0 {
		return pipeline.Version{}, gristmill.Errorf(gristmill.Invalid, "set: a spec is applied as it is; overrides belong to a run or a check")
	}
	if in.By == "" {
		in.By = "api"
	}
	v, err := pipeline.Applied(s.cfg.Project, in.Text, in.By, s.now().UTC())
	if err != nil {
		return pipeline.Version{}, err
	}
	return s.Pipelines.Apply(r.Context(), v)
}

func (s *server) checkSpec(r *http.Request, in SpecIn) (pipeline.Report, error) {
	set, err := settingsOf(r)
	if err != nil {
		return pipeline.Report{}, err
	}
	maps.Copy(set, in.Set)
	v, err := pipeline.Applied(s.cfg.Project, in.Text, in.By, s.now().UTC())
	if err != nil {
		return pipeline.Report{}, err
	}
	return s.Checker.Check(r.Context(), v, set)
}

func (s *server) showPipeline(r *http.Request) (pipeline.Version, error) {
	return s.applied(r, r.PathValue("name"), gristmill.Digest(r.URL.Query().Get("digest")))
}

// applied finds an applied version; digest "" is the current one.
func (s *server) applied(r *http.Request, name string, digest gristmill.Digest) (pipeline.Version, error) {
	if digest != "" && !digest.Valid() {
		return pipeline.Version{}, badDigest(string(digest))
	}
	return s.Pipelines.Pipeline(r.Context(), s.cfg.Project, name, digest)
}

func badDigest(given string) error {
	return gristmill.Errorf(gristmill.Invalid, "digest: %q is no digest; expected 64 hex digits in lower case", shorten(given))
}

func (s *server) listPipelineVersions(r *http.Request) (PipelineVersions, error) {
	if _, err := s.applied(r, r.PathValue("name"), ""); err != nil {
		return PipelineVersions{}, err
	}
	list, err := s.Pipelines.ListPipelineVersions(r.Context(), s.cfg.Project, r.PathValue("name"))
	return PipelineVersions{Versions: orEmpty(list)}, err
}

// CheckIn chooses what of an applied pipeline is checked; it may be empty.
type CheckIn struct {
	Digest gristmill.Digest `json:"digest,omitempty"` // "" means the current version
	Set    map[string]any   `json:"set,omitempty"`    // overrides by dotted key
}

func (s *server) checkPipeline(r *http.Request, in CheckIn) (pipeline.Report, error) {
	v, err := s.applied(r, r.PathValue("name"), in.Digest)
	if err != nil {
		return pipeline.Report{}, err
	}
	return s.Checker.Check(r.Context(), v, in.Set)
}

// StartIn says how a run is started; it may be empty.
type StartIn struct {
	Set        map[string]any   `json:"set,omitempty"`         // overrides by dotted key: {"train.l2": 2}
	WorkflowID string           `json:"workflow_id,omitempty"` // "" makes one; a second start with the same is a conflict
	Digest     gristmill.Digest `json:"digest,omitempty"`      // an applied version; "" means the current one
	Caller     *pipeline.Caller `json:"caller,omitempty"`      // for lineage
	RunName    string           `json:"run_name,omitempty"`
}

// Started names the workflow that drives the run.
type Started struct {
	WorkflowID string `json:"workflow_id"`
}

func (s Started) location() string { return api + "/workflows/" + escapePath(s.WorkflowID) }

// escapePath escapes a path's segments and keeps its slashes.
func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

func (s *server) startRun(r *http.Request, in StartIn) (Started, error) {
	v, err := s.applied(r, r.PathValue("name"), in.Digest)
	if err != nil {
		return Started{}, err
	}
	// Overrides that cannot work are refused here, not by a workflow that
	// fails a second later.
	if _, err := pipeline.Load(v.Spec, in.Set); err != nil {
		return Started{}, err
	}
	if err := checkPath(in.WorkflowID); err != nil {
		return Started{}, gristmill.Errorf(gristmill.Invalid, "workflow_id: %q is not printable UTF-8", shorten(in.WorkflowID))
	}
	id, err := s.Work.Train(r.Context(), pipeline.Request{
		Pipeline: v.Name, Project: s.cfg.Project, Digest: in.Digest, Set: in.Set, Caller: in.Caller, RunName: in.RunName,
	}, in.WorkflowID)
	return Started{WorkflowID: id}, err
}
