package gristmill

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what sort of failure an error is. It is decided where the fact is
// known, and mapped once to an HTTP status (web) and once to a retry policy
// (activities). The values are wire values: never rename them.
type Kind string

// The kinds of error.
const (
	Invalid         Kind = "invalid"         // the input is wrong; the same input will stay wrong
	Unauthenticated Kind = "unauthenticated" // the caller is unknown
	Forbidden       Kind = "forbidden"       // the caller may not do this
	NotFound        Kind = "not_found"       // the named thing does not exist
	Conflict        Kind = "conflict"        // it exists already, or somebody else changed it first
	Precondition    Kind = "precondition"    // the state does not allow it now
	Exhausted       Kind = "exhausted"       // a quota or limit is used up; try later
	Unavailable     Kind = "unavailable"     // a service we need does not answer; try again
	Internal        Kind = "internal"        // our fault
)

// Problem is one thing wrong with an input: where it is, what was given and
// what was expected. A check reports all problems at once.
type Problem struct {
	Path   string `json:"path,omitempty"`   // field in the caller's own words: "train.l2", "inputs[0].data", "row 7, column age"
	Line   int    `json:"line,omitempty"`   // 1-based, where the input is a text file
	Column int    `json:"column,omitempty"` // 1-based, in characters
	Given  string `json:"given,omitempty"`  // what was found there, shortened
	Want   string `json:"want,omitempty"`   // what would be accepted
	Msg    string `json:"message"`          // the sentence for a person; complete without the other fields
}

// String renders the problem on one line, the way a compiler does.
func (p Problem) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Msg)
	}
	return p.Msg
}

// Error is an error that a user may see. Msg and Problems are for users; Err is
// the cause for operators and never leaves the process.
type Error struct {
	Kind     Kind
	Msg      string
	Problems []Problem
	Err      error
}

// Error renders message, problems and cause, for logs.
func (e *Error) Error() string {
	s := e.Public()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Public renders the message and the problems without the cause.
func (e *Error) Public() string {
	if len(e.Problems) == 0 {
		return e.Msg
	}
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	if e.Msg == "" {
		return strings.Join(lines, "\n")
	}
	return e.Msg + ":\n  " + strings.Join(lines, "\n  ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error of a kind. A %w verb keeps its operand as the hidden
// cause: its text is part of what operators see, and of the message too, so
// wrap only errors whose text is fit for users.
func Errorf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	e := &Error{Kind: kind, Msg: err.Error()}
	var inner *Error
	if errors.As(err, &inner) {
		e.Problems = inner.Problems
	}
	return e
}

// Hide makes an error of a kind with a message for users and a cause that only
// operators see.
func Hide(kind Kind, cause error, format string, args ...any) *Error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...), Err: cause}
}

// Problems returns an Invalid error that carries all problems, or nil if there
// are none.
func Problems(msg string, problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Msg: msg, Problems: problems}
}

// KindOf returns the kind of the outermost Error in the chain, Internal for any
// other error, and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Public returns the text of err that a user may read: an Error's own text, and
// a fixed sentence for anything else.
func Public(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Public()
	}
	return "internal error; the server's log has the details"
}
