package serving

import (
	"fmt"
	"slices"
	"strings"

	"gristmill"
)

// table says who takes which traffic. It is never changed: a new one replaces
// it, so that a request sees one state from beginning to end.
type table struct {
	known  bool // deployments have been read at least once
	models map[string]*entry
	names  []string // of models, sorted
}

// entry is one deployed model in a table.
type entry struct {
	traffic *Version   // nil: unavailable
	held    []*Version // traffic and the candidate, by number
	desired Deployment
	err     error // why what is desired is not held; nil while it loads
}

// Route returns the version that takes the traffic of a model. NotFound names
// the deployed models; Unavailable says why there is none, with the version and
// the digests. The version stays usable for as long as the caller holds it.
func (h *Host) Route(model string) (*Version, error) {
	t := h.table.Load()
	if e := t.models[model]; e != nil {
		if e.traffic != nil {
			return e.traffic, nil
		}
		return nil, e.unavailable()
	}
	return nil, t.unknown(model)
}

// RouteVersion returns a version of a model that this server holds: the one
// that takes traffic or a candidate that passed its smoke test.
func (h *Host) RouteVersion(model string, number int) (*Version, error) {
	t := h.table.Load()
	e := t.models[model]
	if e == nil {
		return nil, t.unknown(model)
	}
	numbers := make([]string, len(e.held))
	for i, v := range e.held {
		if v.Number == number {
			return v, nil
		}
		numbers[i] = fmt.Sprint(v.Number)
	}
	if number == e.desired.Version || len(numbers) == 0 {
		return nil, e.unavailable()
	}
	return nil, gristmill.Errorf(gristmill.NotFound,
		"model %q version %d is not deployed; deployed: %s", model, number, strings.Join(numbers, ", "))
}

// Status is what a server says about one deployed model.
type Status struct {
	Model   string
	Traffic *Version   // nil: unavailable
	Held    []*Version // loaded versions by number
	Err     error      // why what is desired is not served; nil while it loads
}

// Models returns the deployed models by name.
func (h *Host) Models() []Status {
	t := h.table.Load()
	list := make([]Status, 0, len(t.names))
	for _, name := range t.names {
		e := t.models[name]
		list = append(list, Status{Model: name, Traffic: e.traffic, Held: slices.Clone(e.held), Err: e.err})
	}
	return list
}

// Ready returns nil when the deployments have been read and every deployed
// model has a version that takes its traffic; else Unavailable names them all.
func (h *Host) Ready() error {
	t := h.table.Load()
	if !t.known {
		return gristmill.Errorf(gristmill.Unavailable, "the deployments have not been read yet")
	}
	var ps []gristmill.Problem
	for _, name := range t.names {
		if e := t.models[name]; e.traffic == nil && e.desired.Version > 0 {
			ps = append(ps, gristmill.Problem{Path: name, Msg: gristmill.Public(e.unavailable())})
		}
	}
	if ps == nil {
		return nil
	}
	return &gristmill.Error{Kind: gristmill.Unavailable, Msg: "not every deployed model is loaded", Problems: ps}
}

func (t *table) unknown(model string) error {
	switch {
	case !t.known:
		return gristmill.Errorf(gristmill.Unavailable, "the deployments have not been read yet; try again")
	case len(t.names) == 0:
		return gristmill.Errorf(gristmill.NotFound, "no model %q is deployed; none is", shorten(model))
	default:
		return gristmill.Errorf(gristmill.NotFound, "no model %q is deployed; deployed: %s", shorten(model), strings.Join(t.names, ", "))
	}
}

func (e *entry) unavailable() error {
	d := e.desired
	switch {
	case e.err != nil:
		return gristmill.Hide(gristmill.Unavailable, e.err, "unavailable: %s", gristmill.Public(e.err))
	case d.Version > 0:
		return gristmill.Errorf(gristmill.Unavailable, "unavailable: model %q version %d (package sha256 %s) is being loaded; try again", d.Model, d.Version, d.Package.Digest)
	case d.Candidate > 0:
		return gristmill.Errorf(gristmill.Unavailable, "unavailable: the first version of model %q, %d, is being tested; try again", d.Model, d.Candidate)
	default:
		return gristmill.Errorf(gristmill.Unavailable, "unavailable: no version of model %q has been promoted", d.Model)
	}
}

// shorten keeps a stranger's word from filling an answer.
func shorten(s string) string {
	const most = 120
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
