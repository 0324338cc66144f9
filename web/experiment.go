package web

import (
	"net/http"
	"strconv"

	"gristmill"
	"gristmill/tracking"
)

// Experiments is a page of experiments.
type Experiments struct {
	Experiments []tracking.Experiment `json:"experiments"`
	Next        string                `json:"next_page_token,omitempty"`
}

func (s *server) listExperiments(r *http.Request) (Experiments, error) {
	list, next, err := s.Runs.ListExperiments(r.Context(), s.cfg.Project, pageOf(r))
	return Experiments{Experiments: orEmpty(list), Next: next}, err
}

func (s *server) showExperiment(r *http.Request) (tracking.Experiment, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 0 {
		return tracking.Experiment{}, gristmill.Errorf(gristmill.Invalid,
			"experiment: %q is no experiment's number; %s/experiments lists them", shorten(r.PathValue("id")), api)
	}
	return s.Runs.Experiment(r.Context(), id)
}

// orEmpty makes an empty list [] in JSON, never null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
