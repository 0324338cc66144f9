package registry

import (
	"errors"
	"fmt"
	"time"

	"gristmill"
	"gristmill/ml/frame"
)

// The aliases that the platform itself moves.
const (
	Champion   = "champion"
	Challenger = "challenger"
	Previous   = "previous"
)

// Model is a name under which versions are registered.
type Model struct {
	Project     string            `json:"project"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Aliases     map[string]int    `json:"aliases,omitempty"` // alias to version number
	Latest      int               `json:"latest_version"`    // highest number, 0 if none
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
}

// Version is one registered model, immutable but for its tags.
type Version struct {
	Model         string          `json:"model"`
	Number        int             `json:"version"`
	RunID         string          `json:"run_id"`
	Package       gristmill.Ref   `json:"package"` // the packed model (docs/model-format.md)
	WeightsSHA256 string          `json:"weights_sha256"`
	Signature     frame.Signature `json:"signature"`
	Metrics       []Metric        `json:"metrics"`
	Gates         []GateResult    `json:"gates"`
	Lineage       Lineage         `json:"lineage"`
	Card          string          `json:"card,omitempty"` // Markdown
	// CardMissing names the fields that the spec requires of the card and that
	// say nothing. A version with any is not promoted.
	CardMissing []string          `json:"card_missing,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Aliases     []string          `json:"aliases,omitempty"`
	CreatedAt   time.Time         `json:"created_at"`
}

// Promotable returns a Precondition error that names what keeps the version
// from taking traffic, nil if nothing does.
func (v Version) Promotable() error {
	if len(v.CardMissing) == 0 {
		return nil
	}
	var ps []gristmill.Problem
	for _, name := range v.CardMissing {
		path := "register.card." + name
		ps = append(ps, gristmill.Problem{Path: path, Want: "a text", Msg: path + ": empty, but the spec requires it; write it into the spec and train again"})
	}
	err := gristmill.Problems(fmt.Sprintf("%s version %d is not promoted: its card is not complete", v.Model, v.Number), ps)
	var e *gristmill.Error
	if errors.As(err, &e) {
		e.Kind = gristmill.Precondition
	}
	return err
}

// Metric is a measured value with its 95 % interval, and the trivial
// baseline's value of the same metric.
type Metric struct {
	Name     string   `json:"name"` // "test_roc_auc"
	Value    float64  `json:"value"`
	Low      *float64 `json:"low,omitempty"`
	High     *float64 `json:"high,omitempty"`
	Baseline *float64 `json:"baseline,omitempty"`
}

// Lineage says where a version came from.
type Lineage struct {
	Pipeline      string           `json:"pipeline"`
	RunID         string           `json:"run_id"`
	WorkflowID    string           `json:"workflow_id"`
	DatasetDigest gristmill.Digest `json:"dataset_digest"`
	DatasetSource string           `json:"dataset_source"`
	SpecDigest    gristmill.Digest `json:"spec_digest"`
	Gristmill     string           `json:"gristmill_version"`
	Commit        string           `json:"commit,omitempty"` // of the caller's directory, when the CLI started it
	Dirty         bool             `json:"dirty,omitempty"`  // that directory had changes not in the commit
}
