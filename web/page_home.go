package web

import (
	"net/http"
	"slices"

	"gristmill"
	"gristmill/dataset"
	"gristmill/pipeline"
	"gristmill/serving"
	"gristmill/tracking"
)

func (s *server) homePage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var data struct {
		Running, Recent []tracking.Run
		Deployments     []serving.Deployment
		Pipelines       []pipeline.Version
	}
	var err error
	data.Running, _, err = s.Runs.ListRuns(ctx, tracking.RunFilter{Project: s.cfg.Project, Status: tracking.Running}, gristmill.Page{Limit: 10})
	if err != nil {
		return err
	}
	data.Recent, _, err = s.Runs.ListRuns(ctx, tracking.RunFilter{Project: s.cfg.Project}, gristmill.Page{Limit: 10})
	if err != nil {
		return err
	}
	data.Recent = slices.DeleteFunc(data.Recent, func(r tracking.Run) bool { return r.Status == tracking.Running })
	if data.Deployments, err = s.Deployments.ListDeployments(ctx, s.cfg.Project); err != nil {
		return err
	}
	if data.Pipelines, err = s.Pipelines.ListPipelines(ctx, s.cfg.Project); err != nil {
		return err
	}
	return s.pages.show(w, http.StatusOK, "home", view{Title: "Overview", Nav: "home", Refresh: refreshWhile(len(data.Running) > 0), Data: data})
}

func (s *server) experimentsPage(w http.ResponseWriter, r *http.Request) error {
	list, next, err := s.Runs.ListExperiments(r.Context(), s.cfg.Project, listPage(r))
	if err != nil {
		return err
	}
	return s.pages.show(w, http.StatusOK, "experiments", view{Title: "Experiments", Nav: "experiments", Data: struct {
		Experiments []tracking.Experiment
		Pager       pager
	}{list, newPager(r, next)}})
}

func (s *server) deploymentsPage(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Deployments.ListDeployments(r.Context(), s.cfg.Project)
	if err != nil {
		return err
	}
	rolling := false
	for _, d := range list {
		rolling = rolling || d.State == serving.Rolling
	}
	return s.pages.show(w, http.StatusOK, "deployments", view{Title: "Deployments", Nav: "deployments", Refresh: refreshWhile(rolling), Data: list})
}

func (s *server) pipelinesPage(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Pipelines.ListPipelines(r.Context(), s.cfg.Project)
	if err != nil {
		return err
	}
	return s.pages.show(w, http.StatusOK, "pipelines", view{Title: "Pipelines", Nav: "pipelines", Data: list})
}

func (s *server) pipelinePage(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	v, err := s.applied(r, name, gristmill.Digest(r.URL.Query().Get("digest")))
	if err != nil {
		return err
	}
	versions, err := s.Pipelines.ListPipelineVersions(r.Context(), s.cfg.Project, name)
	if err != nil {
		return err
	}
	runs, _, err := s.Runs.ListRuns(r.Context(), tracking.RunFilter{Project: s.cfg.Project, Experiment: name}, gristmill.Page{Limit: 5})
	if err != nil {
		return err
	}
	return s.pages.show(w, http.StatusOK, "pipeline", view{Title: name, Nav: "pipelines", Data: struct {
		Version  pipeline.Version
		Versions []pipeline.Version
		Runs     []tracking.Run
	}{v, versions, runs}})
}

func (s *server) datasetsPage(w http.ResponseWriter, r *http.Request) error {
	list, next, err := s.Datasets.List(r.Context(), s.cfg.Project, listPage(r))
	if err != nil {
		return err
	}
	return s.pages.show(w, http.StatusOK, "datasets", view{Title: "Datasets", Nav: "datasets", Data: struct {
		Datasets []dataset.Version
		Pager    pager
	}{list, newPager(r, next)}})
}

func (s *server) datasetPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.showDataset(r)
	if err != nil {
		return err
	}
	data := struct {
		Version dataset.Version
		Profile *dataset.Profile
	}{Version: v}
	if v.Profile != "" {
		p, err := s.profile(r, v.Profile)
		if err != nil {
			return err
		}
		data.Profile = &p
	}
	return s.pages.show(w, http.StatusOK, "dataset", view{Title: v.Name, Nav: "datasets", Data: data})
}
