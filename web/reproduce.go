package web

import (
	"encoding/json"
	"fmt"
	"net/http"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// Stored names bytes that are kept.
type Stored struct {
	Digest gristmill.Digest `json:"digest"`
	Size   int64            `json:"size"`
}

// uploadDiff keeps what a caller's directory has beyond its commit, so that a
// request can name it.
func (s *server) uploadDiff(r *http.Request) (Stored, error) {
	body := &brokenBody{r: http.MaxBytesReader(nil, r.Body, pipeline.MaxDiff)}
	ref, err := s.Blobs.Put(r.Context(), body, "text/x-diff")
	if body.err != nil {
		return Stored{}, bodyError(body.err)
	}
	return Stored{Digest: ref.Digest, Size: ref.Size}, err
}

// ReproduceIn says how to do a run again.
type ReproduceIn struct {
	WorkflowID string           `json:"workflow_id,omitempty"` // "" makes one
	Caller     *pipeline.Caller `json:"caller,omitempty"`
}

// reproduce starts a run that does another one again.
func (s *server) reproduce(r *http.Request, in ReproduceIn) (Started, error) {
	run, err := s.Runs.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return Started{}, err
	}
	if !run.Status.Ended() {
		return Started{}, gristmill.Errorf(gristmill.Precondition, "run %s is %s; a run can be reproduced once it has ended", run.ID, run.Status)
	}
	res := resultOf(run)
	if res == nil || res.WeightsSHA256 == "" {
		return Started{}, gristmill.Errorf(gristmill.Precondition, "run %s (%s) has no weights to compare with", run.ID, run.Status)
	}
	data := gristmill.Digest(run.Tags[pipeline.DataTag])
	if !data.Valid() {
		return Started{}, gristmill.Errorf(gristmill.Precondition, "run %s names no data to read again", run.ID)
	}
	req, err := s.requestOf(r, run)
	if err != nil {
		return Started{}, err
	}
	again := req.Again(run.ID, data, gristmill.Digest(run.Tags[pipeline.IDsTag]))
	again.Project, again.Caller = s.cfg.Project, in.Caller
	id, err := s.Work.Train(r.Context(), again, in.WorkflowID)
	return Started{WorkflowID: id}, err
}

// requestOf reads the request that a run keeps.
func (s *server) requestOf(r *http.Request, run tracking.Run) (req pipeline.Request, err error) {
	a, err := s.Runs.Artifact(r.Context(), run.ID, pipeline.RequestFile)
	if gristmill.KindOf(err) == gristmill.NotFound {
		return req, gristmill.Errorf(gristmill.Precondition, "run %s does not know how it was asked for (it was made by an earlier version of gristmill, or by a foreign client)", run.ID)
	}
	if err != nil {
		return req, err
	}
	f, err := s.openArtifact(r, a)
	if err != nil {
		return req, err
	}
	defer f.Close()
	b, err := readVerified(f, a.Digest)
	if err != nil {
		return req, fmt.Errorf("read request of run %s: %w", run.ID, err)
	}
	if err := json.Unmarshal(b, &req); err != nil || req.Pipeline == "" || !req.Digest.Valid() {
		return req, gristmill.Hide(gristmill.Precondition, err, "run %s: its %s is damaged", run.ID, pipeline.RequestFile)
	}
	return req, nil
}

// compareRuns says what differs between two runs.
func (s *server) compareRuns(r *http.Request) (tracking.Comparison, error) {
	a, err := s.compared(r, r.PathValue("id"))
	if err != nil {
		return tracking.Comparison{}, err
	}
	b, err := s.compared(r, r.PathValue("other"))
	if err != nil {
		return tracking.Comparison{}, err
	}
	return tracking.Compare(a, b), nil
}

func (s *server) compared(r *http.Request, id string) (tracking.Compared, error) {
	run, err := s.Runs.Run(r.Context(), id)
	c := tracking.Compared{Run: run}
	if res := resultOf(run); res != nil {
		c.Weights = res.WeightsSHA256
	}
	return c, err
}
