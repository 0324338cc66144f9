// Package datasettest proves that a dataset.Store keeps its promises, and has a
// store in memory for the tests of other rooms.
package datasettest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"gristmill"
	"gristmill/dataset"
)

// Memory is a dataset.Store in memory, safe for concurrent use.
type Memory struct {
	mu       sync.Mutex
	versions []dataset.Version
	now      func() time.Time
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{now: time.Now} }

func project(name string) string { return cmp.Or(name, gristmill.DefaultProject) }

func (m *Memory) find(project string, d gristmill.Digest) int {
	return slices.IndexFunc(m.versions, func(v dataset.Version) bool { return v.Project == project && v.Digest == d })
}

// Put implements dataset.Store.
func (m *Memory) Put(_ context.Context, v dataset.Version) (dataset.Version, error) {
	if err := v.Check(); err != nil {
		return dataset.Version{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	v.Project = project(v.Project)
	if i := m.find(v.Project, v.Digest); i >= 0 {
		m.versions[i] = m.versions[i].Add(v)
		return m.versions[i], nil
	}
	if v.CreatedAt.IsZero() {
		v.CreatedAt = m.now()
	}
	v.CreatedAt = v.CreatedAt.UTC().Truncate(time.Microsecond)
	m.versions = append(m.versions, v)
	return v, nil
}

// Get implements dataset.Store.
func (m *Memory) Get(_ context.Context, in string, d gristmill.Digest) (dataset.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.find(project(in), d); i >= 0 {
		return m.versions[i], nil
	}
	return dataset.Version{}, gristmill.Errorf(gristmill.NotFound, "there is no dataset %s in project %q", d, project(in))
}

// key is the place of a version in a list.
type key struct {
	At     time.Time        `json:"at"`
	Digest gristmill.Digest `json:"digest"`
}

func (k key) compare(o key) int {
	return cmp.Or(o.At.Compare(k.At), cmp.Compare(k.Digest, o.Digest))
}

// List implements dataset.Store.
func (m *Memory) List(_ context.Context, in string, page gristmill.Page) ([]dataset.Version, string, error) {
	var after key
	if err := gristmill.DecodeToken(page.Token, &after); err != nil {
		return nil, "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []dataset.Version
	for _, v := range m.versions {
		if v.Project == project(in) && (page.Token == "" || after.compare(key{v.CreatedAt, v.Digest}) < 0) {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b dataset.Version) int {
		return key{a.CreatedAt, a.Digest}.compare(key{b.CreatedAt, b.Digest})
	})
	if len(list) <= page.Size() {
		return list, "", nil
	}
	list = list[:page.Size()]
	last := list[len(list)-1]
	return list, gristmill.EncodeToken(key{last.CreatedAt, last.Digest}), nil
}
