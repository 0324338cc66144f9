package web

import (
	"net/http"

	"gristmill/serving"
)

// Deployments is the list of deployments with what live servers report.
type Deployments struct {
	Deployments []serving.Deployment `json:"deployments"`
}

func (s *server) listDeployments(r *http.Request) (Deployments, error) {
	list, err := s.Deployments.ListDeployments(r.Context(), s.cfg.Project)
	return Deployments{Deployments: orEmpty(list)}, err
}

func (s *server) showDeployment(r *http.Request) (serving.Deployment, error) {
	return s.Deployments.Deployment(r.Context(), s.cfg.Project, r.PathValue("model"))
}
