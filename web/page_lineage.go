package web

import (
	"fmt"
	"net/http"
	"net/url"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// lineage says what a run was made from. Zero fields are not known.
type lineage struct {
	Pipeline   string
	Applied    gristmill.Digest // the version that was asked for
	Set        []pair           // overrides of it
	Files      []link           // spec and request as the run keeps them
	Command    string
	Commit     string
	Dirty      bool
	Diff       string // address of the changes beyond the commit
	Gristmill  string
	Reproduces string // ID of the run that this one does again
}

// Any reports whether there is something to show.
func (l lineage) Any() bool {
	return l.Pipeline != "" || l.Command != "" || l.Commit != "" || l.Gristmill != "" || l.Reproduces != "" || len(l.Files) > 0
}

type link struct{ Text, Address string }

func (s *server) lineage(r *http.Request, run tracking.Run, list []tracking.Artifact) lineage {
	t := run.Tags
	l := lineage{Pipeline: t["gristmill.pipeline"], Command: t["gristmill.command"], Commit: t["mlflow.source.git.commit"],
		Dirty: t["gristmill.git_dirty"] == "true", Gristmill: t["gristmill.version"], Reproduces: t["gristmill.reproduces"]}
	at := func(file string) string { return api + "/runs/" + url.PathEscape(run.ID) + "/artifacts/" + file }
	for _, f := range []link{{"spec as applied", "spec.yaml"}, {"spec as it ran", "spec.json"}, {"request", pipeline.RequestFile}} {
		if has(list, f.Address) {
			l.Files = append(l.Files, link{f.Text, at(f.Address)})
		}
	}
	if has(list, "caller.diff") {
		l.Diff = at("caller.diff")
	}
	if !has(list, pipeline.RequestFile) {
		return l
	}
	req, err := s.requestOf(r, run)
	if err != nil { // the page is of use without it
		s.Log.WarnContext(r.Context(), "request not shown", "request_id", requestID(r), "run_id", run.ID, "error", err)
		return l
	}
	l.Applied = req.Digest
	for _, k := range sortedKeys(req.Set) {
		l.Set = append(l.Set, pair{k, fmt.Sprint(req.Set[k])})
	}
	return l
}
