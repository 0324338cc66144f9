package ml

import (
	"slices"
	"strings"
)

// Problem is one thing wrong with a specification or with data: where it is,
// what was given, and what would be accepted.
type Problem struct {
	Path  string `json:"path,omitempty"`  // "transform[0].apply[1]", "train.l2", "column age"
	Given string `json:"given,omitempty"` // what was found there, shortened
	Want  string `json:"want,omitempty"`  // what would be accepted
	Msg   string `json:"message"`         // the sentence for a person; complete without the other fields
}

// String returns the sentence.
func (p Problem) String() string { return p.Msg }

// Problems is the error for input that will stay wrong however often it is
// tried: a bad hyperparameter, a column with nulls, a missing class. It carries
// everything that is wrong, not only the first. Whatever else goes wrong in
// this module is a plain error.
type Problems []Problem

// Error renders one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns ps as an error, nil when there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Nearest returns the known word with the fewest edits to given, or "" when
// none is near enough to be what was meant: within a third of the word's
// letters, at least one.
func Nearest(given string, known []string) string {
	best, at := "", max(1, len(given)/3)+1
	for _, k := range known {
		if d := edits(strings.ToLower(given), strings.ToLower(k)); d < at {
			best, at = k, d
		}
	}
	return best
}

// Unknown builds the problem of a word that is not among the known ones.
// What says what the word is: "key", "step", "algorithm".
func Unknown(path, what, given string, known []string) Problem {
	sorted := slices.Sorted(slices.Values(known))
	want := strings.Join(sorted, ", ")
	msg := "unknown " + what + " " + quote(given) + ", allowed: " + want
	if path != "" {
		msg = path + ": " + msg
	}
	if near := Nearest(given, sorted); near != "" {
		msg += " (did you mean " + quote(near) + "?)"
	}
	return Problem{Path: path, Given: given, Want: want, Msg: msg}
}

// edits is the Levenshtein distance with swaps of neighbours counted as one,
// in O(len(a) len(b)) time (Damerau 1964, restricted form).
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	prev2, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range x {
		cur[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			d := min(prev[j+1]+1, cur[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				d = min(d, prev2[j-1]+1)
			}
			cur[j+1] = d
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(y)]
}

func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return `"` + s + `"`
}
