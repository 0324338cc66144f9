package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gristmill/tracking"
)

func TestLongPollAnswersWhenALineComes(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	ctx, run := t.Context(), f.running.ID
	answer := make(chan reply, 1)
	go func() { answer <- st.do(get, "/api/v1/runs/"+run+"/logs?wait=50s", "") }()
	epoch := must(st.deps.Runs.Lease(ctx, run, tracking.Step{ID: "train", Kind: "train"}))(t)
	w := tracking.Writer{Step: "train", Epoch: epoch}
	check(t, st.deps.Runs.AppendLog(ctx, run, w, []tracking.Line{{Step: "train", Attempt: 1, Time: time.Now(), Level: "info", Text: "iteration 1"}}))
	if got := <-answer; !strings.Contains(got.body, `"text":"iteration 1"`) || !strings.Contains(got.body, `"ended":false`) {
		t.Errorf("the poll answered %s", got.body)
	}
	after := st.do(get, "/api/v1/runs/"+run+"/logs?after=999999999&wait=10ms", "")
	if after.body != `{"lines":[],"after":999999999,"ended":false}`+"\n" {
		t.Errorf("a poll without news: %s", after.body)
	}
	go func() { answer <- st.do(get, "/api/v1/runs/"+run+"/logs?after=999999999&wait=50s", "") }()
	now := time.Now()
	check(t, st.deps.Runs.SetStatus(ctx, run, tracking.Failed, "no such column", &now))
	if got := <-answer; !strings.Contains(got.body, `"ended":true`) {
		t.Errorf("the end of the run: %s", got.body)
	}
}

func TestLongLogsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	ctx, run := t.Context(), f.running.ID
	epoch := must(st.deps.Runs.Lease(ctx, run, tracking.Step{ID: "train", Kind: "train"}))(t)
	const lines = 2500
	batch := make([]tracking.Line, lines)
	for i := range batch {
		batch[i] = tracking.Line{Step: "train", Attempt: 1, Time: time.Now(), Level: "info", Text: fmt.Sprintf("line %d.", i)}
	}
	check(t, st.deps.Runs.AppendLog(ctx, run, tracking.Writer{Step: "train", Epoch: epoch}, batch))
	if got := st.do(get, "/api/v1/runs/"+run+"/logs.txt", ""); strings.Count(got.body, "\n") != lines || !strings.HasSuffix(got.body, fmt.Sprintf("line %d.\n", lines-1)) {
		t.Errorf("the text has %d lines", strings.Count(got.body, "\n"))
	}
	page := st.do(get, "/runs/"+run, "", browser).body
	if strings.Count(page, "line ") != shownLines || !strings.Contains(page, "line 2499.") || !strings.Contains(page, "The last 500 lines") {
		t.Errorf("the page shows %d lines", strings.Count(page, "line "))
	}
}
