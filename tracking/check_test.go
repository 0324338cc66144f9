package tracking_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/tracking"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "train.max_depth", "mlflow.source.git.commit", "über/größe 2", "a:b-c", ".hidden", "a..b", "...", "日本", strings.Repeat("ü", 250)} {
		if p, ok := tracking.CheckKey("params", good); !ok {
			t.Errorf("%.20q: %s", good, p)
		}
	}
	for _, bad := range []string{"", "/", "/a", "a/", "a//b", "./a", "..", "../a", "a/../b", ".", "a\n", "a\x00", "a%", "a\xff", "a\\b", strings.Repeat("x", 251)} {
		if p, ok := tracking.CheckKey("params", bad); ok || p.Msg == "" || p.Path != "params" || p.Want == "" {
			t.Errorf("%.20q was taken, or its problem is bare: %+v", bad, p)
		}
	}
}

func TestTextsAreCountedInCharacters(t *testing.T) {
	t.Parallel()
	if p, ok := tracking.CheckText("x", strings.Repeat("ü", 10), 10); !ok {
		t.Error(p)
	}
	if p, ok := tracking.CheckText("x", strings.Repeat("ü", 11), 10); ok || !strings.Contains(p.Msg, "11 characters; at most 10") {
		t.Errorf("%+v", p)
	}
}

func TestEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 9000)
	for what, c := range map[string]struct {
		err  error
		want int
	}{
		"params":           {tracking.CheckParams(map[string]string{"ok": long[:6000], "/": long[:6001], "b": "\xff"}), 3},
		"tags":             {tracking.CheckTags(map[string]string{"ok": long[:8000], "b": long[:8001]}), 1},
		"good tags":        {tracking.CheckTags(map[string]string{"a": ""}), 0},
		"metrics":          {tracking.CheckMetrics([]tracking.Metric{{Key: "a", Time: time.UnixMilli(0)}, {Key: "", Time: time.UnixMilli(-1)}}), 2},
		"NaN is a value":   {tracking.CheckMetrics([]tracking.Metric{{Key: "a", Value: math.NaN(), Time: time.UnixMilli(1)}}), 0},
		"experiment":       {tracking.CheckExperimentName(" \x00"), 1},
		"empty experiment": {tracking.CheckExperimentName("  "), 1},
		"run":              {tracking.CheckNewRun(tracking.NewRun{ID: "-", Name: long, User: "\x00", WorkflowID: long, FirstRunID: long}), 6},
		"good run":         {tracking.CheckNewRun(tracking.NewRun{Key: "k", ID: "My_run-1"}), 0},
		"status":           {tracking.CheckStatus("done", "\x00"), 2},
		"good status":      {tracking.CheckStatus(tracking.AwaitingApproval, ""), 0},
		"step":             {tracking.CheckStep(tracking.Step{ID: "a b/../c", Worker: "\xff"}), 2},
		"lines":            {tracking.CheckLines([]tracking.Line{{Step: "s", Level: "info"}, {Level: "INFO", Text: strings.Repeat("x", 65537)}}), 3},
		"checkpoint":       {tracking.CheckCheckpoint(tracking.Checkpoint{Step: "s", Digest: "x", Size: -1}), 2},
		"artifact":         {tracking.CheckArtifact(tracking.Artifact{Path: "/a", URI: "\x00", Digest: "x", Size: -1}), 4},
		"input":            {tracking.CheckInput(tracking.Input{Source: "\x00", Tags: map[string]string{"k": long}}), 3},
	} {
		n := 0
		if e, ok := c.err.(*gristmill.Error); ok {
			n = len(e.Problems)
		}
		if n != c.want || (c.err == nil) != (c.want == 0) || c.err != nil && gristmill.KindOf(c.err) != gristmill.Invalid {
			t.Errorf("%s: %v, want %d problems", what, c.err, c.want)
		}
	}
}

func TestWhatMayBeWritten(t *testing.T) {
	t.Parallel()
	if err := tracking.CheckActive("r", tracking.Active); err != nil {
		t.Error(err)
	}
	err := tracking.CheckActive("4bc1", tracking.Deleted)
	if gristmill.KindOf(err) != gristmill.Precondition || gristmill.Public(err) != "The run 4bc1 must be in the 'active' state. Current state is deleted." {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		w      tracking.Writer
		epoch  int64
		leased bool
		want   gristmill.Kind
	}{
		"a foreign client":           {tracking.Writer{}, 7, true, ""},
		"the newest":                 {tracking.Writer{Step: "s", Epoch: 7}, 7, true, ""},
		"an older":                   {tracking.Writer{Step: "s", Epoch: 6}, 7, true, gristmill.Precondition},
		"one that nobody was given":  {tracking.Writer{Step: "s", Epoch: 8}, 7, true, gristmill.Precondition},
		"of a step that never began": {tracking.Writer{Step: "s", Epoch: 1}, 0, false, gristmill.Precondition},
		"of no step":                 {tracking.Writer{Epoch: 1}, 1, true, gristmill.Invalid},
	} {
		if err := tracking.CheckWriter("r", c.w, c.epoch, c.leased); gristmill.KindOf(err) != c.want {
			t.Errorf("%s: %v, want kind %q", what, err, c.want)
		}
	}
}

func TestParamsDoNotChange(t *testing.T) {
	t.Parallel()
	logged := map[string]string{"a": "1", "b": "2"}
	if err := tracking.CheckParamChange("r", logged, map[string]string{"a": "1", "c": "3"}); err != nil {
		t.Error(err)
	}
	one := tracking.CheckParamChange("r", logged, map[string]string{"a": "x", "b": "2"})
	two := tracking.CheckParamChange("r", logged, map[string]string{"a": "x", "b": "y"})
	for want, err := range map[string]error{
		"Changing param values is not allowed. Param with key='a' was already logged with value='1' for run ID='r'. Attempted logging new value 'x'.":                                             one,
		"Changing param values is not allowed. Params were already logged='[{'key': 'a', 'old_value': '1', 'new_value': 'x'}, {'key': 'b', 'old_value': '2', 'new_value': 'y'}]' for run ID='r'.": two,
	} {
		if gristmill.KindOf(err) != gristmill.Conflict || gristmill.Public(err) != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestNamesAndPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{tracking.RunLocation(3, "", "r1"), "blob:3/r1/artifacts"},
		{tracking.RunLocation(3, "s3://bucket/x/", "r1"), "s3://bucket/x/r1/artifacts"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s, want %s", c[0], c[1])
		}
	}
	name := tracking.DefaultRunName("4bc1")
	if name != tracking.DefaultRunName("4bc1") || name == tracking.DefaultRunName("4bc2") || len(strings.Split(name, "-")) != 3 || len(name) > 20 {
		t.Errorf("name %q", name)
	}
	for status, ended := range map[tracking.Status]bool{tracking.Running: false, tracking.AwaitingApproval: false, tracking.Succeeded: true, tracking.Rejected: true} {
		if status.Ended() != ended {
			t.Errorf("%s ended: %v", status, !ended)
		}
	}
}

func TestPointsAreOrderedByStepTimeAndValue(t *testing.T) {
	t.Parallel()
	at := func(ms int64) time.Time { return time.UnixMilli(ms) }
	want := []tracking.Metric{
		{Value: 9, Time: at(9), Step: -1}, {Value: 5, Time: at(1), Step: 0}, {Value: math.Inf(-1), Time: at(2)}, {Value: -1, Time: at(2)},
		{Value: 0, Time: at(2)}, {Value: math.NaN(), Time: at(2)}, {Value: 1, Time: at(2)}, {Value: math.Inf(1), Time: at(2)},
	}
	for i := range want {
		for j := range want {
			if got := want[i].Compare(want[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%+v against %+v: %d", want[i], want[j], got)
			}
		}
	}
	points := slices.Clone(want)
	if got := tracking.Latest(points); len(got) != 1 || !math.IsInf(got[0].Value, 1) {
		t.Errorf("latest %v", got)
	}
	if !slices.EqualFunc(points, want, func(a, b tracking.Metric) bool { return a.Compare(b) == 0 }) {
		t.Error("Latest disturbed its input")
	}
}
