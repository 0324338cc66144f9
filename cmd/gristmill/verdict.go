package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"gristmill"
)

// level is how much a finding matters.
type level string

const (
	failing level = "error"   // the spec is not good as it is
	warning level = "warning" // a person should look at it
)

// finding is one thing that a check found.
type finding struct {
	Level level `json:"level"`
	gristmill.Problem
}

// trial is one thing that was tried of a spec, and what was found.
type trial struct {
	Name     string    `json:"name"` // "spec", "data", "dry_run", "gate test_roc_auc > 0.8"
	Passed   bool      `json:"passed"`
	Skipped  string    `json:"skipped,omitempty"` // why it could not be tried
	Detail   string    `json:"detail,omitempty"`
	Seconds  float64   `json:"seconds"`
	Findings []finding `json:"findings,omitempty"`
}

// verdict is everything that was tried of one spec.
type verdict struct {
	File   string  `json:"file"`
	Passed bool    `json:"passed"`
	Trials []trial `json:"trials"`
}

// try does one trial and notes how it went. An error's problems become findings;
// a context's end is passed on.
func (v *verdict) try(name string, do func() (detail string, err error)) error {
	began := time.Now()
	detail, err := do()
	t := trial{Name: name, Passed: err == nil, Detail: detail, Seconds: time.Since(began).Seconds()}
	if err != nil {
		t.Detail = ""
		t.Findings = findingsOf(err)
	}
	v.Trials = append(v.Trials, t)
	return err
}

// note adds a trial whose outcome is known.
func (v *verdict) note(name string, passed bool, matters level, text string) {
	t := trial{Name: name, Passed: passed || matters == warning, Detail: text}
	if !passed {
		t.Findings = []finding{{matters, gristmill.Problem{Msg: text}}}
	}
	v.Trials = append(v.Trials, t)
}

func (v *verdict) skip(why string, names ...string) {
	for _, n := range names {
		v.Trials = append(v.Trials, trial{Name: n, Skipped: why})
	}
}

func (v *verdict) judge() {
	v.Passed = true
	for _, t := range v.Trials {
		v.Passed = v.Passed && (t.Passed || t.Skipped != "")
	}
}

// findingsOf lists an error's problems, or the error itself.
func findingsOf(err error) []finding {
	var e *gristmill.Error
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		return []finding{{failing, gristmill.Problem{Msg: gristmill.Public(err)}}}
	}
	var list []finding
	for _, p := range e.Problems {
		list = append(list, finding{failing, p})
	}
	return list
}

// junit renders verdicts as JUnit's XML: a suite a spec, a case a trial.
func junit(list []verdict) ([]byte, error) {
	type text struct {
		Message string `xml:"message,attr"`
		Body    string `xml:",chardata"`
	}
	type testcase struct {
		Class   string  `xml:"classname,attr"`
		Name    string  `xml:"name,attr"`
		Time    string  `xml:"time,attr"`
		Failure *text   `xml:"failure,omitempty"`
		Skipped *text   `xml:"skipped,omitempty"`
		Out     *string `xml:"system-out,omitempty"`
	}
	type suite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Time     string     `xml:"time,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	doc := struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []suite  `xml:"testsuite"`
	}{}
	for _, v := range list {
		s := suite{Name: v.File, Tests: len(v.Trials)}
		total := 0.0
		for _, t := range v.Trials {
			total += t.Seconds
			c := testcase{Class: v.File, Name: t.Name, Time: fmt.Sprintf("%.3f", t.Seconds)}
			var lines []string
			for _, f := range t.Findings {
				lines = append(lines, string(f.Level)+": "+v.place(f)+f.Msg)
			}
			body := printable(strings.Join(lines, "\n"))
			switch {
			case t.Skipped != "":
				s.Skipped++
				c.Skipped = &text{Message: printable(t.Skipped)}
			case !t.Passed:
				s.Failures++
				c.Failure = &text{Message: printable(firstLine(t.Findings[0].Msg)), Body: body}
			case body != "":
				c.Out = &body
			case t.Detail != "":
				detail := printable(t.Detail)
				c.Out = &detail
			}
			s.Cases = append(s.Cases, c)
		}
		s.Time = fmt.Sprintf("%.3f", total)
		doc.Suites = append(doc.Suites, s)
	}
	b, err := xml.MarshalIndent(doc, "", "  ")
	return append([]byte(xml.Header), append(b, '\n')...), err
}

// printable leaves out what XML cannot say.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// place is where a finding is in the file, for a person: "spec.yaml:3:7: ".
func (v verdict) place(f finding) string {
	if f.Line > 0 {
		return fmt.Sprintf("%s:%d:%d: ", v.File, f.Line, f.Column)
	}
	return ""
}

// sarif renders verdicts as SARIF 2.1.0, which code hosts show beside the lines.
func sarif(list []verdict, version string) ([]byte, error) {
	type m = map[string]any
	rules, results := []m{}, []m{}
	known := map[string]bool{}
	for _, v := range list {
		for _, t := range v.Trials {
			rule, _, _ := strings.Cut(t.Name, " ")
			for _, f := range t.Findings {
				if !known[rule] {
					known[rule] = true
					rules = append(rules, m{"id": rule, "shortDescription": m{"text": ruleText(rule)}})
				}
				results = append(results, m{"ruleId": rule, "level": f.Level, "message": m{"text": f.Msg},
					"locations": []m{{"physicalLocation": m{
						"artifactLocation": m{"uri": filepath.ToSlash(v.File)},
						"region":           m{"startLine": max(1, f.Line), "startColumn": max(1, f.Column)}}}}})
			}
		}
	}
	return json.MarshalIndent(m{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []m{{"tool": m{"driver": m{"name": "gristmill", "version": version, "rules": rules}}, "results": results}},
	}, "", "  ")
}

func ruleText(rule string) string {
	switch rule {
	case "spec":
		return "The spec is valid"
	case "data":
		return "The data can be read and have the columns that the spec names"
	case "dry_run":
		return "The pipeline runs on a sample"
	case "gate":
		return "The model passes its gates on a sample"
	case "check":
		return "Nothing looks wrong with the model"
	default:
		return "The card says what the spec requires"
	}
}
