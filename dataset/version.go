package dataset

import (
	"time"

	"gristmill"
	"gristmill/ml/frame"
)

// Version is a dataset at one moment, named by the digest of its bytes.
type Version struct {
	Project   string           `json:"project"`
	Digest    gristmill.Digest `json:"digest"` // of the bytes as fetched, compressed or not
	Name      string           `json:"name"`   // for people: the sample's or file's name
	Source    string           `json:"source"` // the address that the bytes came from first
	Size      int64            `json:"size"`   // of the bytes as fetched
	Rows      int64            `json:"rows"`   // 0 until the version is described
	Schema    frame.Schema     `json:"schema"` // empty until the version is described
	Profile   gristmill.Digest `json:"profile,omitempty"`
	CreatedAt time.Time        `json:"created_at"`
}

// Described reports whether the version's bytes have been read as a table, so
// that Rows and Schema are known.
func (v Version) Described() bool { return len(v.Schema.Fields) > 0 }

// Add returns v with what other knows and v does not: rows, schema and profile,
// and the profile alone. What v knows stays as it is. It is the rule of
// Store.Put for a digest that is stored already.
func (v Version) Add(other Version) Version {
	if !v.Described() && other.Described() {
		v.Rows, v.Schema = other.Rows, other.Schema
	}
	if v.Profile == "" {
		v.Profile = other.Profile
	}
	return v
}

// Check returns an Invalid error unless v can be stored.
func (v Version) Check() error {
	switch {
	case !v.Digest.Valid():
		return gristmill.Errorf(gristmill.Invalid, "dataset version: digest %q; expected 64 lower-case hex digits", frame.Shorten(string(v.Digest)))
	case v.Profile != "" && !v.Profile.Valid():
		return gristmill.Errorf(gristmill.Invalid, "dataset version: profile digest %q; expected 64 lower-case hex digits", frame.Shorten(string(v.Profile)))
	case v.Name == "":
		return gristmill.Errorf(gristmill.Invalid, "dataset version: no name")
	case v.Size < 0 || v.Rows < 0:
		return gristmill.Errorf(gristmill.Invalid, "dataset version: size %d and rows %d; expected none below 0", v.Size, v.Rows)
	}
	return nil
}
