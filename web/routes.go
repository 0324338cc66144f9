package web

import (
	"net/http"
	"strings"
)

// route is one line of the table.
type route struct {
	method string
	path   string // a net/http pattern without its method
	do     endpoint
	about  string  // the OpenAPI summary
	tag    string  // the noun; "" for pages, which the document leaves out
	query  []param // what else is in the query is refused
	status int     // of success; 0 means 200
	open   bool    // needs no token
}

func (rt *route) pattern() string { return rt.method + " " + rt.path }

// page reports whether the route answers people.
func (rt *route) page() bool { return rt.tag == "" }

// quiet routes are asked every few seconds by machines: their access is logged
// at debug level.
func (rt *route) quiet() bool {
	return rt.path == "/healthz" || rt.path == "/readyz" || rt.path == "/metrics"
}

const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	remove = http.MethodDelete
)

var (
	limit   = param{"limit", count, "items to answer with, 1 to 1000; default 100"}
	token   = param{"page_token", text, "the next_page_token of the page before"}
	paging  = []param{limit, token}
	wait    = param{"wait", duration, "long poll: answer when there is something to tell, or after this long, e.g. 10s; at most 60s"}
	setting = param{"set", many, "override KEY=VALUE, e.g. train.l2=2; may be repeated"}
)

const api = "/api/v1"

// routes is the one table of everything that the server answers.
func routes() []route {
	table := []route{
		{method: get, path: "/healthz", do: answers((*server).health), about: "The process is up", tag: "system", open: true},
		{method: get, path: "/readyz", do: answers((*server).ready), about: "Every part is up; 503 with reasons otherwise", tag: "system", open: true},
		{method: get, path: "/metrics", do: raw((*server).promMetrics, "text/plain"), about: "Metrics in Prometheus' text format", tag: "system"},
		{method: get, path: api + "/version", do: answers((*server).version), about: "Version of the server and addresses of its neighbours", tag: "system"},
		{method: get, path: api + "/openapi.json", do: raw((*server).openapi, "application/json"), about: "This document", tag: "system"},

		{method: get, path: api + "/experiments", do: answers((*server).listExperiments), about: "List experiments", tag: "experiments", query: paging},
		{method: get, path: api + "/experiments/{id}", do: answers((*server).showExperiment), about: "Show an experiment by its number", tag: "experiments"},

		{method: get, path: api + "/runs", do: answers((*server).listRuns), about: "List runs, newest first", tag: "runs", query: []param{
			{"experiment", text, "runs of the experiment with this name"},
			{"status", text, "runs in this state"},
			{"model", text, "runs that registered a version of this model"},
			{"workflow_id", text, "runs that this workflow drives"},
			limit, token}},
		{method: get, path: api + "/runs/{id}", do: answers((*server).showRun), about: "Show a run with params, latest metrics, tags, steps, artifacts and inputs", tag: "runs"},
		{method: post, path: api + "/runs/{id}/cancel", do: answers((*server).cancelRun), about: "Ask the run's workflow to end", tag: "runs", status: http.StatusAccepted},
		{method: post, path: api + "/runs/{id}/reproduce", do: takes((*server).reproduce), about: "Do an ended run again on the same bytes, without registering what comes out; compare the two when it has ended", tag: "runs", status: http.StatusAccepted},
		{method: get, path: api + "/runs/{id}/diff/{other}", do: answers((*server).compareRuns), about: "Say what differs between two runs: spec, data, code, weights, metrics", tag: "runs"},
		{method: post, path: api + "/diffs", do: uploads((*server).uploadDiff), about: "Keep what the caller's directory has beyond its commit, for a request to name; at most 4 MiB", tag: "runs", status: http.StatusCreated},
		{method: get, path: api + "/runs/{id}/metrics/{key...}", do: answers((*server).metricHistory), about: "All points of a metric; its key may contain slashes", tag: "runs"},
		{method: get, path: api + "/runs/{id}/logs", do: answers((*server).readLogs), about: "Lines of the steps' logs after a sequence number", tag: "runs", query: []param{
			{"step", text, "lines of this step only"},
			{"after", number, "lines with a greater sequence number"},
			limit, wait}},
		{method: get, path: api + "/runs/{id}/logs.txt", do: raw((*server).logText, "text/plain"), about: "The whole log as text", tag: "runs", query: []param{
			{"step", text, "lines of this step only"}}},
		{method: get, path: api + "/runs/{id}/artifacts", do: answers((*server).listArtifacts), about: "List a run's files", tag: "runs"},
		{method: get, path: api + "/runs/{id}/artifacts/{path...}", do: raw((*server).artifact, "application/octet-stream"), about: "Download a run's file", tag: "runs"},

		{method: get, path: api + "/workflows/{id...}", do: answers((*server).showWorkflow), about: "How a training workflow goes; its ID may contain slashes", tag: "runs", query: []param{wait}},

		{method: get, path: api + "/pipelines", do: answers((*server).listPipelines), about: "List pipelines in their current versions", tag: "pipelines"},
		{method: post, path: api + "/pipelines", do: takesSpec((*server).applyPipeline), about: "Apply a spec: check it and store it as the pipeline's current version", tag: "pipelines"},
		{method: post, path: api + "/pipelines/check", do: takesSpec((*server).checkSpec), about: "Check a spec and say what it would run", tag: "pipelines", query: []param{setting}},
		{method: get, path: api + "/pipelines/{name}", do: answers((*server).showPipeline), about: "Show a pipeline's current version, or the one of a digest", tag: "pipelines", query: []param{
			{"digest", text, "an applied version"}}},
		{method: get, path: api + "/pipelines/{name}/versions", do: answers((*server).listPipelineVersions), about: "List a pipeline's applied versions, newest first", tag: "pipelines"},
		{method: post, path: api + "/pipelines/{name}/check", do: takes((*server).checkPipeline), about: "Say what an applied pipeline would run", tag: "pipelines"},
		{method: post, path: api + "/pipelines/{name}/runs", do: takes((*server).startRun), about: "Start a run of a pipeline", tag: "pipelines", status: http.StatusAccepted},

		{method: get, path: api + "/datasets", do: answers((*server).listDatasets), about: "List dataset versions, newest first", tag: "datasets", query: paging},
		{method: post, path: api + "/datasets", do: uploads((*server).uploadDataset), about: "Upload a dataset's bytes; the same bytes again are the same dataset. The header X-Content-Sha256, if given, must be their digest", tag: "datasets", status: http.StatusCreated, query: []param{
			{"name", text, "a name for people, e.g. the file's"}}},
		{method: get, path: api + "/datasets/{digest}", do: answers((*server).showDataset), about: "Show a dataset version with its schema", tag: "datasets"},
		{method: get, path: api + "/datasets/{digest}/profile", do: answers((*server).datasetProfile), about: "What a dataset's columns hold", tag: "datasets"},
		{method: get, path: api + "/datasets/{digest}/profile.html", do: raw((*server).datasetProfilePage, "text/html"), about: "The profile as one page that needs no other file", tag: "datasets"},
		{method: get, path: api + "/datasets/{digest}/content", do: raw((*server).datasetContent, "application/octet-stream"), about: "Download a dataset's bytes", tag: "datasets"},

		{method: get, path: api + "/models", do: answers((*server).listModels), about: "List models", tag: "models", query: paging},
		{method: get, path: api + "/models/{name}", do: answers((*server).showModel), about: "Show a model with its deployment", tag: "models"},
		{method: post, path: api + "/models/{name}/rollback", do: takes((*server).rollback), about: "Bring the version back that took traffic before; answers when it does, or when it could not", tag: "models"},
		{method: put, path: api + "/models/{name}/aliases/{alias}", do: takes((*server).setAlias), about: "Let an alias name a version", tag: "models"},
		{method: remove, path: api + "/models/{name}/aliases/{alias}", do: answers((*server).deleteAlias), about: "Delete an alias", tag: "models"},
		{method: get, path: api + "/models/{name}/versions", do: answers((*server).listVersions), about: "List a model's versions, newest first", tag: "models", query: paging},
		{method: get, path: api + "/models/{name}/versions/{version}", do: answers((*server).showVersion), about: "Show a version by number, alias or \"latest\"", tag: "models"},
		{method: get, path: api + "/models/{name}/versions/{version}/card", do: raw((*server).card, "text/markdown"), about: "A version's card in Markdown", tag: "models"},
		{method: get, path: api + "/models/{name}/versions/{version}/card.html", do: raw((*server).cardHTML, "text/html"), about: "A version's card as one page that needs no other file", tag: "models"},
		{method: get, path: api + "/models/{name}/versions/{version}/package", do: raw((*server).modelPackage, "application/x-tar"), about: "Download the packed model", tag: "models"},
		{method: post, path: api + "/models/{name}/versions/{version}/promote", do: takes((*server).promote), about: "Let a version take traffic; answers when it does, or when it was rolled back", tag: "models"},

		{method: get, path: api + "/deployments", do: answers((*server).listDeployments), about: "List deployments with what the live servers report", tag: "deployments"},
		{method: get, path: api + "/deployments/{model}", do: answers((*server).showDeployment), about: "Show a model's deployment", tag: "deployments"},
	}
	return append(table, pageRoutes()...)
}

// pageRoutes are the pages for people.
func pageRoutes() []route {
	return []route{
		{method: get, path: "/{$}", do: page((*server).homePage)},
		{method: get, path: "/experiments", do: page((*server).experimentsPage)},
		{method: get, path: "/runs", do: page((*server).runsPage)},
		{method: get, path: "/runs/{id}", do: page((*server).runPage)},
		{method: get, path: "/compare", do: page((*server).comparePage)},
		{method: get, path: "/models", do: page((*server).modelsPage)},
		{method: get, path: "/models/{name}", do: page((*server).modelPage)},
		{method: get, path: "/models/{name}/versions/{version}", do: page((*server).versionPage)},
		{method: get, path: "/deployments", do: page((*server).deploymentsPage)},
		{method: get, path: "/pipelines", do: page((*server).pipelinesPage)},
		{method: get, path: "/pipelines/{name}", do: page((*server).pipelinePage)},
		{method: get, path: "/datasets", do: page((*server).datasetsPage)},
		{method: get, path: "/datasets/{digest}", do: page((*server).datasetPage)},
		{method: get, path: "/static/{file}", do: page((*server).staticFile), open: true},
	}
}

// wantsPage reports whether an error should be shown as a page: the caller is
// a browser and the path is not a program's.
func wantsPage(r *http.Request) bool {
	p := r.URL.Path
	if strings.HasPrefix(p, "/api/") || p == "/metrics" || p == "/healthz" || p == "/readyz" {
		return false
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
