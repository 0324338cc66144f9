package inference

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"gristmill"
	"gristmill/ml"
)

// refusal is an error with a status that its kind does not say.
type refusal struct {
	status int
	code   string // MLflow's error_code
	msg    string
}

// Error returns the message, which is for users.
func (e *refusal) Error() string { return e.msg }

func refuse(status int, code, format string, args ...any) error {
	return &refusal{status: status, code: code, msg: fmt.Sprintf(format, args...)}
}

// statusClientGone is counted when the caller went away before the answer.
const statusClientGone = 499

// fault is what a caller learns of an error.
type fault struct {
	status   int
	code     string // MLflow's error_code
	message  string
	problems []gristmill.Problem
}

// faults is the one table from kind of error to status and MLflow's code.
// Kinds that are not in it are our fault.
var faults = map[gristmill.Kind]fault{
	gristmill.Invalid:         {status: http.StatusBadRequest, code: "BAD_REQUEST"},
	gristmill.Unauthenticated: {status: http.StatusUnauthorized, code: "UNAUTHENTICATED"},
	gristmill.Forbidden:       {status: http.StatusForbidden, code: "PERMISSION_DENIED"},
	gristmill.NotFound:        {status: http.StatusNotFound, code: "RESOURCE_DOES_NOT_EXIST"},
	gristmill.Exhausted:       {status: http.StatusTooManyRequests, code: "REQUEST_LIMIT_EXCEEDED"},
	gristmill.Unavailable:     {status: http.StatusServiceUnavailable, code: "TEMPORARILY_UNAVAILABLE"},
}

func describe(ctx context.Context, err error) fault {
	var special *refusal
	var own *gristmill.Error
	var data ml.Problems
	switch {
	case errors.As(err, &special):
		return fault{special.status, special.code, special.msg, nil}
	case ctx.Err() != nil:
		return fault{statusClientGone, "CANCELLED", "the caller went away", nil}
	case errors.As(err, &own):
		if f, ok := faults[own.Kind]; ok {
			f.message, f.problems = own.Msg, own.Problems
			return f
		}
	case errors.As(err, &data):
		var ps problems
		for _, p := range data {
			ps.add("", "%s", p.Msg)
			if n := len(ps.list); ps.rest == 0 {
				ps.list[n-1].Path = p.Path
			}
		}
		return describe(ctx, ps.err())
	}
	return fault{http.StatusInternalServerError, "INTERNAL_ERROR", "internal error; the server's log has the details", nil}
}

// malformed is the error of a body that is not JSON.
func malformed(err error) error {
	return gristmill.Errorf(gristmill.Invalid, "the body is not valid JSON: %s", err)
}

// notObject is the error of a body that does not begin with a brace.
func notObject(sc *scanner, want string) error {
	if sc.i == len(sc.s) {
		return gristmill.Errorf(gristmill.Invalid, "the body is empty; expected a JSON object with %s", want)
	}
	kind := sc.kindOf()
	if sc.skip(); sc.err == nil {
		sc.end()
	}
	if sc.err != nil {
		return malformed(sc.err)
	}
	return gristmill.Errorf(gristmill.Invalid, "expected a JSON object with %s, got %s", want, kind)
}

// scoringFault is an error in MLflow's form.
type scoringFault struct {
	Code    string              `json:"error_code"`
	Message string              `json:"message"`
	Errors  []gristmill.Problem `json:"errors,omitempty"`
}

// fail writes an error in the form of the route's protocol.
func (s *server) fail(x *exchange, err error) {
	f := describe(x.r.Context(), err)
	x.err = err
	h := x.w.Header()
	h.Set("Content-Type", "application/json")
	switch f.status {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	}
	var body any = scoringFault{f.code, f.message, f.problems}
	if strings.HasPrefix(x.r.URL.Path, "/v2") {
		body = map[string]string{"error": f.message}
	}
	b, err := json.Marshal(body)
	if err != nil {
		b = fmt.Appendf(nil, `{"error":%q}`, "internal error") // never: texts marshal
	}
	x.write(f.status, append(b, '\n'))
}
