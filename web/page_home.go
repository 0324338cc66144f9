package web

import (
	"net/http"
	"slices"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/profile"
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

// experimentRow is an experiment with the newest of its runs that ended with
// metrics, else the newest; nil if it has none.
type experimentRow struct {
	tracking.Experiment
	Last *tracking.Run
}

func (s *server) experimentsPage(w http.ResponseWriter, r *http.Request) error {
	list, next, err := s.Runs.ListExperiments(r.Context(), s.cfg.Project, listPage(r))
	if err != nil {
		return err
	}
	rows := make([]experimentRow, len(list))
	for i, e := range list {
		rows[i].Experiment = e
		runs, _, err := s.Runs.ListRuns(r.Context(), tracking.RunFilter{Project: s.cfg.Project, Experiment: e.Name}, gristmill.Page{Limit: 5})
		if err != nil {
			return err
		}
		if len(runs) > 0 {
			at := max(0, slices.IndexFunc(runs, func(r tracking.Run) bool { return r.Status.Ended() && len(r.Metrics) > 0 }))
			rows[i].Last = &runs[at]
		}
	}
	return s.pages.show(w, http.StatusOK, "experiments", view{Title: "Experiments", Nav: "experiments", Data: struct {
		Experiments []experimentRow
		Pager       pager
	}{rows, newPager(r, next)}})
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
		Version     dataset.Version
		Profile     *profile.Profile
		Columns     []profile.Column
		Alerts      []profile.Alert
		MoreColumns int
		MoreAlerts  int
	}{Version: v}
	if v.Profile != "" {
		p, err := s.profile(r, v.Profile)
		if err != nil {
			return err
		}
		data.Profile = &p
		data.Columns = p.Columns[:min(len(p.Columns), maxColumnsShown)]
		data.Alerts = p.Alerts[:min(len(p.Alerts), maxAlertsShown)]
		data.MoreColumns, data.MoreAlerts = len(p.Columns)-len(data.Columns), len(p.Alerts)-len(data.Alerts)
	}
	return s.pages.show(w, http.StatusOK, "dataset", view{Title: v.Name, Nav: "datasets", Data: data})
}

// What the page of a very wide dataset shows.
const (
	maxColumnsShown = 500
	maxAlertsShown  = 20
)
