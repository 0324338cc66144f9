package tracking

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gristmill"
)

// CheckActive returns a Precondition error, in MLflow's words, unless a run's
// lifecycle stage lets it be written to.
func CheckActive(run string, stage Lifecycle) error {
	if stage == Active {
		return nil
	}
	return gristmill.Errorf(gristmill.Precondition, "The run %s must be in the 'active' state. Current state is %s.", run, stage)
}

// CheckWriter returns a Precondition error unless w may write to a step whose
// newest lease gave the epoch; leased is false where no lease was given yet.
// The zero Writer may always.
func CheckWriter(run string, w Writer, epoch int64, leased bool) error {
	switch {
	case w == Writer{}:
		return nil
	case w.Step == "":
		return gristmill.Errorf(gristmill.Invalid, "a writer with epoch %d names no step", w.Epoch)
	case !leased:
		return gristmill.Errorf(gristmill.Precondition, "step %s of run %s was never begun", w.Step, run)
	case w.Epoch != epoch:
		return gristmill.Errorf(gristmill.Precondition,
			"another attempt has taken over step %s of run %s (this one has epoch %d, the newest is %d)", w.Step, run, w.Epoch, epoch)
	}
	return nil
}

// CheckParamChange returns a Conflict, in MLflow's words, if a param that was
// logged has another value now.
func CheckParamChange(run string, logged, params map[string]string) error {
	var changed []string
	for _, k := range SortedKeys(params) {
		if old, ok := logged[k]; ok && old != params[k] {
			changed = append(changed, k)
		}
	}
	switch len(changed) {
	case 0:
		return nil
	case 1:
		k := changed[0]
		return gristmill.Errorf(gristmill.Conflict,
			"Changing param values is not allowed. Param with key='%s' was already logged with value='%s' for run ID='%s'. Attempted logging new value '%s'.",
			k, logged[k], run, params[k])
	}
	list := make([]string, len(changed))
	for i, k := range changed {
		list[i] = fmt.Sprintf("{'key': '%s', 'old_value': '%s', 'new_value': '%s'}", k, logged[k], params[k])
	}
	return gristmill.Errorf(gristmill.Conflict, "Changing param values is not allowed. Params were already logged='[%s]' for run ID='%s'.", strings.Join(list, ", "), run)
}

// RunLocation returns the artifact location of a run: below the experiment's, or
// among the server's own objects ("blob:1/4bc1…/artifacts") where it has none.
func RunLocation(experiment int64, location, run string) string {
	if location == "" {
		location = fmt.Sprintf("%s%d", gristmill.BlobScheme, experiment)
	}
	return fmt.Sprintf("%s/%s/artifacts", strings.TrimSuffix(location, "/"), run)
}

// DefaultRunName makes a readable name from a run's id, for a run without one:
// "amber-mill-4bc1".
func DefaultRunName(id string) string {
	first := []string{"amber", "brisk", "calm", "coarse", "fine", "golden", "keen", "level", "quiet", "rapid", "ripe", "silver", "steady", "stout", "swift", "warm"}
	second := []string{"barley", "bran", "flour", "grain", "grist", "hopper", "husk", "maize", "mill", "millet", "oat", "quern", "rye", "sieve", "spelt", "wheat"}
	d := gristmill.DigestOf([]byte(id))
	return fmt.Sprintf("%s-%s-%s", first[hexDigit(d[0])], second[hexDigit(d[1])], d[2:6])
}

func hexDigit(c byte) int { return strings.IndexByte("0123456789abcdef", c) }

// Compare orders points of one series by (step, time, value), as the latest is
// chosen; NaN counts as 0 and follows it.
func (m Metric) Compare(other Metric) int {
	return cmp.Or(
		cmp.Compare(m.Step, other.Step),
		cmp.Compare(m.Time.UnixMilli(), other.Time.UnixMilli()),
		cmp.Compare(nanAsZero(m.Value), nanAsZero(other.Value)),
		cmp.Compare(nanRank(m.Value), nanRank(other.Value)),
	)
}

func nanAsZero(v float64) float64 {
	if v != v {
		return 0
	}
	return v
}

func nanRank(v float64) int {
	if v != v {
		return 1
	}
	return 0
}

// Latest returns the greatest point of each key, ordered by key.
func Latest(points []Metric) []Metric {
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b Metric) int { return cmp.Or(cmp.Compare(a.Key, b.Key), b.Compare(a)) })
	return slices.CompactFunc(sorted, func(a, b Metric) bool { return a.Key == b.Key })
}
