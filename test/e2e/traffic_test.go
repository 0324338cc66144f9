package e2e

import (
	"net/http"
	"strings"
	"testing"

	"gristmill/pipeline"
	"gristmill/test/mill"
)

// Somebody has two versions, brings the first one back, and changes their mind.
func promoteAndRollBack(t *testing.T, s *mill.Stack) {
	request := encode(t, map[string]any{"dataframe_split": split(customers(t))})
	bodies := map[string]string{}
	served := func(want string) {
		t.Helper()
		resp, body := s.Invoke(t, "churn", "application/json", request)
		if v := resp.Header.Get("X-Gristmill-Model-Version"); resp.StatusCode != http.StatusOK || v != want {
			t.Fatalf("invocations answers %s by version %q, want %s: %s", resp.Status, v, want, body)
		}
		if before, ok := bodies[want]; ok && before != body {
			t.Errorf("version %s answers the same request in another way than before", want)
		}
		bodies[want] = body
	}
	succeeds(t, s, "churn")
	served("1")
	if r := s.CLI(t, "model", "rollback", "churn"); r.Code != 2 || !strings.Contains(r.Err, "churn") {
		t.Errorf("rollback of an only version: %s; want exit 2", r)
	}
	succeeds(t, s, "churn", "--set", "train.l2=300")
	served("2")
	if bodies["1"] == bodies["2"] {
		t.Error("both versions answer alike, so that nothing is tested")
	}

	s.OK(t, "model", "rollback", "churn")
	served("1")
	var res pipeline.PromoteResult
	s.Value(t, &res, "model", "promote", "churn", "2")
	if !res.Deployed || res.Version != 2 || res.Model != "churn" || res.Generation != 4 {
		t.Errorf("promote prints %+v; want version 2 of churn in generation 4", res)
	}
	served("2")
	s.OK(t, "model", "promote", "churn", "1")
	served("1")
	s.OK(t, "model", "promote", "churn", "1") // it is there already
	served("1")
	s.OK(t, "model", "rollback", "churn")
	served("2")
	for name, args := range map[string][]string{
		"a version that there is not": {"model", "promote", "churn", "99"},
		"a version that is none":      {"model", "promote", "churn", "newest!"},
		"a model that there is not":   {"model", "rollback", "chrun"},
	} {
		if r := s.CLI(t, args...); r.Code != 2 || !strings.HasPrefix(r.Err, "gristmill: ") || strings.Count(r.Err, "\n") != 1 {
			t.Errorf("%s: %s; want exit 2 and one line", name, r)
		}
	}
	served("2")
}
