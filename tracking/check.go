package tracking

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gristmill"
)

// The limits of what a run may log, by MLflow's numbers, in characters unless
// said otherwise.
const (
	MaxKey            = 250
	MaxParamValue     = 6000
	MaxTagValue       = 8000
	MaxExperimentName = 500
	MaxRunName        = 250
	MaxArtifactPath   = 900     // in bytes: with the run's location before it, it fits S3's 1024
	MaxMessage        = 8000    // of a run's or step's end
	MaxLine           = 65536   // of a log line
	MaxInputName      = 500     //
	MaxInputDigest    = 64      // MLflow's clients send at most 36, ours are SHA-256
	MaxInputSource    = 65535   // in bytes
	MaxInputSchema    = 1048575 // in bytes
	MaxInputProfile   = 16777215
)

var (
	keyForm   = regexp.MustCompile(`^[/\pL\pN_.\- :]+$`)
	runIDForm = regexp.MustCompile(`^[A-Za-z0-9][\pL\pN_\-]{0,255}$`)
)

// CheckKey returns the problem of a param's, tag's or metric's key at a place in
// the caller's input, or ok.
func CheckKey(place, key string) (p gristmill.Problem, ok bool) {
	want := fmt.Sprintf("1 to %d letters, digits, _ - . : / or spaces, in parts that are not empty, \".\" or \"..\"", MaxKey)
	if utf8.RuneCountInString(key) <= MaxKey && keyForm.MatchString(key) && cleanPath(key) {
		return gristmill.Problem{}, true
	}
	return gristmill.Problem{
		Path: place, Given: shorten(key), Want: want,
		Msg: fmt.Sprintf("%s: %q is no key; expected %s", place, shorten(key), want),
	}, false
}

// cleanPath reports whether name is a relative path in its shortest form.
func cleanPath(name string) bool {
	return path.Clean(name) == name && name != "." && name != ".." && !strings.HasPrefix(name, "../") && !strings.HasPrefix(name, "/")
}

// CheckText returns the problem of a text at a place, or ok: it must be UTF-8
// without NUL bytes and have at most limit characters.
func CheckText(place, text string, limit int) (p gristmill.Problem, ok bool) {
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return gristmill.Problem{
			Path: place, Given: shorten(text), Want: "UTF-8 text without NUL bytes",
			Msg: fmt.Sprintf("%s: the text is not UTF-8 or holds a NUL byte", place),
		}, false
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return gristmill.Problem{
			Path: place, Given: shorten(text), Want: fmt.Sprintf("at most %d characters", limit),
			Msg: fmt.Sprintf("%s: the text has %d characters; at most %d are allowed", place, n, limit),
		}, false
	}
	return gristmill.Problem{}, true
}

// problems collects what is wrong.
type problems []gristmill.Problem

func (ps *problems) add(p gristmill.Problem, ok bool) {
	if !ok {
		*ps = append(*ps, p)
	}
}

func (ps *problems) addf(place, format string, args ...any) {
	*ps = append(*ps, gristmill.Problem{Path: place, Msg: place + ": " + fmt.Sprintf(format, args...)})
}

// CheckParams returns an Invalid error with every problem of the params.
func CheckParams(params map[string]string) error {
	return gristmill.Problems("the params cannot be logged", checkPairs("params", params, MaxParamValue))
}

// CheckTags returns an Invalid error with every problem of the tags.
func CheckTags(tags map[string]string) error {
	return gristmill.Problems("the tags cannot be set", checkPairs("tags", tags, MaxTagValue))
}

func checkPairs(what string, pairs map[string]string, limit int) problems {
	var ps problems
	for _, k := range SortedKeys(pairs) {
		ps.add(CheckKey(what, k))
		ps.add(CheckText(fmt.Sprintf("%s[%s]", what, shorten(k)), pairs[k], limit))
	}
	return ps
}

// CheckMetrics returns an Invalid error with every problem of the points: keys,
// and times before 1970.
func CheckMetrics(points []Metric) error {
	var ps problems
	for i, m := range points {
		ps.add(CheckKey(fmt.Sprintf("metrics[%d].key", i), m.Key))
		if m.Time.UnixMilli() < 0 {
			ps.addf(fmt.Sprintf("metrics[%d].timestamp", i), "%s is before 1970", m.Time.Format("2006-01-02T15:04:05Z07:00"))
		}
	}
	return gristmill.Problems("the metrics cannot be logged", ps)
}

// CheckExperimentName returns an Invalid error unless name can name an experiment.
func CheckExperimentName(name string) error {
	var ps problems
	ps.add(CheckText("experiment", name, MaxExperimentName))
	if strings.TrimSpace(name) == "" {
		ps.addf("experiment", "the name is empty")
	}
	return gristmill.Problems("", ps)
}

// CheckNewRun returns an Invalid error with every problem of a run to be made.
func CheckNewRun(n NewRun) error {
	var ps problems
	if n.Key == "" {
		ps.addf("key", "a run cannot be made without the key that makes it safe to repeat")
	}
	ps.add(CheckText("key", n.Key, 2000))
	if n.ID != "" && !ValidRunID(n.ID) {
		ps.addf("run_id", "%q is no run id; expected up to 256 letters, digits, _ or -, beginning with a letter or digit", shorten(n.ID))
	}
	ps.add(CheckText("run_name", n.Name, MaxRunName))
	ps.add(CheckText("user", n.User, MaxRunName))
	ps.add(CheckText("workflow_id", n.WorkflowID, 1000))
	ps.add(CheckText("first_execution_run_id", n.FirstRunID, 1000))
	ps = append(ps, checkPairs("params", n.Params, MaxParamValue)...)
	ps = append(ps, checkPairs("tags", n.Tags, MaxTagValue)...)
	return gristmill.Problems("the run cannot be made", ps)
}

// ValidRunID reports whether id has the form of a run's id.
func ValidRunID(id string) bool { return runIDForm.MatchString(id) }

var statuses = []Status{Scheduled, Running, Succeeded, Rejected, Failed, Canceled, AwaitingApproval}

// CheckStatus returns an Invalid error unless s is a state of a run and message
// can be kept with it.
func CheckStatus(s Status, message string) error {
	var ps problems
	if !slices.Contains(statuses, s) {
		ps.addf("status", "%q is no state of a run; expected one of %v", shorten(string(s)), statuses)
	}
	ps.add(CheckText("message", message, MaxMessage))
	return gristmill.Problems("", ps)
}

// CheckStep returns an Invalid error with every problem of a step to be leased.
func CheckStep(s Step) error {
	var ps problems
	ps.add(CheckKey("step", s.ID))
	ps.add(CheckText("kind", s.Kind, MaxKey))
	ps.add(CheckText("worker", s.Worker, 1000))
	return gristmill.Problems("", ps)
}

var levels = []string{"debug", "info", "warn", "error"}

// CheckLines returns an Invalid error with every problem of log lines.
func CheckLines(lines []Line) error {
	var ps problems
	for i, l := range lines {
		place := fmt.Sprintf("lines[%d]", i)
		ps.add(CheckKey(place+".step", l.Step))
		if !slices.Contains(levels, l.Level) {
			ps.addf(place+".level", "%q is no level; expected one of %v", shorten(l.Level), levels)
		}
		ps.add(CheckText(place+".text", l.Text, MaxLine))
	}
	return gristmill.Problems("the lines cannot be logged", ps)
}

// CheckCheckpoint returns an Invalid error with every problem of a checkpoint.
func CheckCheckpoint(c Checkpoint) error {
	var ps problems
	ps.add(CheckKey("step", c.Step))
	if !gristmill.Digest(c.Digest).Valid() {
		ps.addf("digest", "%q is no digest; expected 64 hex digits", shorten(c.Digest))
	}
	if c.Iteration < 0 || c.Size < 0 {
		ps.addf("iteration", "iteration %d and size %d must not be negative", c.Iteration, c.Size)
	}
	return gristmill.Problems("the checkpoint cannot be recorded", ps)
}

// CheckArtifact returns an Invalid error with every problem of an artifact.
func CheckArtifact(a Artifact) error {
	var ps problems
	if a.Path == "" || len(a.Path) > MaxArtifactPath || !cleanPath(a.Path) || strings.ContainsAny(a.Path, "\\\x00") || !utf8.ValidString(a.Path) {
		ps.addf("path", "%q is no path of an artifact; expected a relative path, parts separated by \"/\", none of them \"..\", at most %d bytes", shorten(a.Path), MaxArtifactPath)
	}
	if !a.Digest.Valid() {
		ps.addf("digest", "%q is no digest; expected 64 hex digits", shorten(string(a.Digest)))
	}
	if a.Size < 0 {
		ps.addf("size", "%d is negative", a.Size)
	}
	ps.add(CheckText("uri", a.URI, 2048))
	ps.add(CheckText("type", a.Type, MaxKey))
	return gristmill.Problems("the artifact cannot be recorded", ps)
}

// CheckInput returns an Invalid error with every problem of a dataset input.
func CheckInput(in Input) error {
	var ps problems
	if in.Name == "" || in.Digest == "" {
		ps.addf("name", "a dataset has a name and a digest, got %q and %q", shorten(in.Name), shorten(in.Digest))
	}
	ps.add(CheckText("name", in.Name, MaxInputName))
	ps.add(CheckText("digest", in.Digest, MaxInputDigest))
	ps.add(CheckText("source_type", in.SourceType, MaxInputName))
	ps.add(CheckText("source", in.Source, MaxInputSource))
	ps.add(CheckText("schema", in.Schema, MaxInputSchema))
	ps.add(CheckText("profile", in.Profile, MaxInputProfile))
	for _, k := range SortedKeys(in.Tags) {
		ps.add(CheckText("tags", k, 255))
		ps.add(CheckText(fmt.Sprintf("tags[%s]", shorten(k)), in.Tags[k], 500))
	}
	return gristmill.Problems("the dataset cannot be logged", ps)
}

// SortedKeys returns the keys of m in order: rows are written in the order of
// their keys, so that two writers cannot wait for each other in a circle.
func SortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func shorten(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= 60 {
		return s
	}
	return string([]rune(s)[:57]) + "..."
}
