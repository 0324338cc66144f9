package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"gristmill"
)

// statuses is the one table from kind of error to HTTP status. Every kind has a
// status of its own, so that a script that sees only the status can tell them
// apart: that is why a precondition is 412 though no If- header was sent.
var statuses = map[gristmill.Kind]int{
	gristmill.Invalid:         http.StatusBadRequest,
	gristmill.Unauthenticated: http.StatusUnauthorized,
	gristmill.Forbidden:       http.StatusForbidden,
	gristmill.NotFound:        http.StatusNotFound,
	gristmill.Conflict:        http.StatusConflict,
	gristmill.Precondition:    http.StatusPreconditionFailed,
	gristmill.Exhausted:       http.StatusTooManyRequests,
	gristmill.Unavailable:     http.StatusServiceUnavailable,
	gristmill.Internal:        http.StatusInternalServerError,
}

// retryAfter are the seconds after which a caller may try again.
var retryAfter = map[int]int{
	http.StatusTooManyRequests:    5,
	http.StatusServiceUnavailable: 1,
}

// statusClientGone is logged when the caller went away before the answer.
const statusClientGone = 499

// ErrorBody is the body of every answer that is an error.
type ErrorBody struct {
	Error ErrorInfo `json:"error"`
}

// ErrorInfo is what a caller learns of an error.
type ErrorInfo struct {
	Kind      gristmill.Kind      `json:"kind"`
	Message   string              `json:"message"`
	Problems  []gristmill.Problem `json:"problems,omitempty"`
	RequestID string              `json:"request_id"`
}

// statusError is an error whose status is not its kind's.
type statusError struct {
	status int
	allow  string // for 405
	cause  *gristmill.Error
}

func (e *statusError) Error() string { return e.cause.Error() }
func (e *statusError) Unwrap() error { return e.cause }

// describe turns any error into a status and what a caller may read of it.
func describe(ctx context.Context, err error) (int, ErrorInfo) {
	var large *http.MaxBytesError
	var own *gristmill.Error
	var special *statusError
	switch {
	case errors.As(err, &special):
		return special.status, ErrorInfo{Kind: special.cause.Kind, Message: special.cause.Msg, Problems: special.cause.Problems}
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, ErrorInfo{
			Kind:    gristmill.Invalid,
			Message: fmt.Sprintf("the body is larger than the %s that this route takes", size(large.Limit)),
		}
	case ctx.Err() != nil:
		return statusClientGone, ErrorInfo{Kind: gristmill.Unavailable, Message: "the caller went away"}
	case errors.As(err, &own):
		status, ok := statuses[own.Kind]
		if !ok {
			status = http.StatusInternalServerError
		}
		return status, ErrorInfo{Kind: own.Kind, Message: own.Msg, Problems: own.Problems}
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, ErrorInfo{
			Kind: gristmill.Unavailable, Message: "a service behind this server took too long to answer; try again",
		}
	default:
		return http.StatusInternalServerError, ErrorInfo{Kind: gristmill.Internal, Message: gristmill.Public(err)}
	}
}

// fail writes an error: JSON for programs, a page for people.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, info := describe(r.Context(), err)
	info.RequestID = requestID(r)
	if a := accessOf(r); a != nil {
		a.err = err
	}
	var special *statusError
	if errors.As(err, &special) && special.allow != "" {
		w.Header().Set("Allow", special.allow)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="gristmill", charset="UTF-8"`)
	}
	if after, ok := retryAfter[status]; ok {
		w.Header().Set("Retry-After", strconv.Itoa(after))
	}
	for _, h := range []string{"Content-Disposition", "Content-Length", "ETag", "Cache-Control"} {
		w.Header().Del(h)
	}
	if wantsPage(r) {
		s.pages.fail(w, r, status, info)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(ErrorBody{Error: info})
}
