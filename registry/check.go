package registry

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gristmill"
)

// The limits of the registry's texts, in characters, by MLflow's numbers.
const (
	MaxAlias    = 255
	MaxTagKey   = 250
	MaxTagValue = 100000
	MaxCard     = 1 << 20
)

var (
	aliasForm       = regexp.MustCompile(`^[\pL\pN_\-]+$`)
	versionLikeForm = regexp.MustCompile(`^[vV][0-9]+$`)
)

// CheckAlias returns an Invalid error unless alias can name a version: letters,
// digits, _ and -, but not "latest" and nothing like "v1", which already mean
// versions.
func CheckAlias(alias string) error {
	switch {
	case !aliasForm.MatchString(alias) || utf8.RuneCountInString(alias) > MaxAlias:
		return gristmill.Errorf(gristmill.Invalid, "alias: %q is no alias; expected 1 to %d letters, digits, _ or -", shorten(alias), MaxAlias)
	case strings.EqualFold(alias, "latest"), versionLikeForm.MatchString(alias):
		return gristmill.Errorf(gristmill.Invalid, "alias: %q is reserved, it already means a version", alias)
	}
	return nil
}

// CheckVersion returns an Invalid error with every problem of a version to be
// registered under a key.
func CheckVersion(key string, v Version) error {
	var ps []gristmill.Problem
	addf := func(path, format string, args ...any) {
		ps = append(ps, gristmill.Problem{Path: path, Msg: path + ": " + fmt.Sprintf(format, args...)})
	}
	text := func(path, s string, limit int) {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			addf(path, "the text is not UTF-8 or holds a NUL byte")
		} else if n := utf8.RuneCountInString(s); n > limit {
			addf(path, "the text has %d characters; at most %d are allowed", n, limit)
		}
	}
	if key == "" {
		addf("key", "a version cannot be registered without the key that makes it safe to repeat")
	}
	text("key", key, 2000)
	if err := gristmill.CheckName("model", v.Model); err != nil {
		ps = append(ps, gristmill.Problem{Path: "model", Given: shorten(v.Model), Msg: gristmill.Public(err)})
	}
	if !v.Package.Digest.Valid() || v.Package.URI == "" || v.Package.Size < 0 {
		addf("package", "%q with digest %q is no reference to a stored package", shorten(v.Package.URI), shorten(string(v.Package.Digest)))
	}
	if v.WeightsSHA256 != "" && !gristmill.Digest(v.WeightsSHA256).Valid() {
		addf("weights_sha256", "%q is no digest; expected 64 hex digits", shorten(v.WeightsSHA256))
	}
	for i, m := range v.Metrics {
		if m.Name == "" {
			addf(fmt.Sprintf("metrics[%d]", i), "the metric has no name")
		}
		text(fmt.Sprintf("metrics[%d]", i), m.Name, MaxTagKey)
		if slices.ContainsFunc(v.Metrics[:i], func(other Metric) bool { return other.Name == m.Name }) {
			addf(fmt.Sprintf("metrics[%d]", i), "%s is there twice", shorten(m.Name))
		}
	}
	for k, value := range v.Tags {
		if k == "" {
			addf("tags", "a tag has no key")
		}
		text("tags", k, MaxTagKey)
		text(fmt.Sprintf("tags[%s]", shorten(k)), value, MaxTagValue)
	}
	text("card", v.Card, MaxCard)
	slices.SortFunc(ps, func(a, b gristmill.Problem) int { return strings.Compare(a.Msg, b.Msg) })
	return gristmill.Problems("the version cannot be registered", ps)
}

func shorten(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= 60 {
		return s
	}
	return string([]rune(s)[:57]) + "..."
}
