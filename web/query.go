package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gristmill"
	"gristmill/ml"
)

// param is one key of a query.
type param struct {
	name  string
	kind  paramKind
	about string
}

type paramKind int

const (
	text     paramKind = iota
	count              // 1 to gristmill.MaxLimit
	number             // an integer >= 0
	duration           // Go's form, 0 to maxWait
	many               // text that may be repeated
)

// checkQuery reports everything that is wrong with a query. What it lets pass,
// the readers below read without an error.
func checkQuery(params []param, q url.Values) error {
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = p.name
	}
	var problems []gristmill.Problem
	for _, key := range sortedKeys(q) {
		i := slices.Index(names, key)
		switch {
		case i < 0 && len(names) == 0:
			problems = append(problems, gristmill.Problem{Path: key, Given: key, Msg: fmt.Sprintf("%s: this route takes no query", shorten(key))})
		case i < 0:
			u := ml.Unknown("", "query parameter", key, names)
			problems = append(problems, gristmill.Problem{Path: key, Given: u.Given, Want: u.Want, Msg: u.Msg})
		case len(q[key]) > 1 && params[i].kind != many:
			problems = append(problems, gristmill.Problem{Path: key, Msg: fmt.Sprintf("%s: given %d times; expected once", key, len(q[key]))})
		default:
			for _, value := range q[key] {
				if want := params[i].refuses(value); want != "" {
					problems = append(problems, gristmill.Problem{Path: key, Given: shorten(value), Want: want,
						Msg: fmt.Sprintf("%s: %q is not %s", key, shorten(value), want)})
				}
			}
		}
	}
	return gristmill.Problems("the query is not what this route takes", problems)
}

// refuses returns what would be accepted instead of value, "" if value is.
func (p param) refuses(value string) string {
	switch p.kind {
	case count:
		if n, err := strconv.Atoi(value); err != nil || n < 1 || n > gristmill.MaxLimit {
			return fmt.Sprintf("an integer from 1 to %d", gristmill.MaxLimit)
		}
	case number:
		if n, err := strconv.ParseInt(value, 10, 64); err != nil || n < 0 {
			return "an integer from 0"
		}
	case duration:
		if d, err := time.ParseDuration(value); err != nil || d < 0 || d > maxWait {
			return "a duration up to " + strings.TrimSuffix(maxWait.String(), "0s") + " such as 10s"
		}
	default:
		if !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
			return "printable UTF-8"
		}
	}
	return ""
}

func pageOf(r *http.Request) gristmill.Page {
	q := r.URL.Query()
	n, _ := strconv.Atoi(q.Get("limit"))
	return gristmill.Page{Limit: n, Token: q.Get("page_token")}
}

func numberOf(r *http.Request, key string) int64 {
	n, _ := strconv.ParseInt(r.URL.Query().Get(key), 10, 64)
	return n
}

func waitOf(r *http.Request) time.Duration {
	d, _ := time.ParseDuration(r.URL.Query().Get("wait"))
	return d
}

// settingsOf reads the repeated query parameter set: values are JSON where they
// can be, else text.
func settingsOf(r *http.Request) (map[string]any, error) {
	set := map[string]any{}
	var problems []gristmill.Problem
	for _, s := range r.URL.Query()["set"] {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			problems = append(problems, gristmill.Problem{Path: "set", Given: shorten(s), Want: "KEY=VALUE",
				Msg: fmt.Sprintf("set: %q is not KEY=VALUE", shorten(s))})
			continue
		}
		var v any
		if json.Unmarshal([]byte(value), &v) != nil {
			v = value
		}
		set[key] = v
	}
	return set, gristmill.Problems("the query is not what this route takes", problems)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
