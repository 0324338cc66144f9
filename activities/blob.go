package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"gristmill"
	"gristmill/tracking"
)

// Blobs is the object store, as far as activities use it.
type Blobs interface {
	// Put stores bytes under their digest.
	Put(ctx context.Context, r io.Reader, mediaType string) (gristmill.Ref, error)
	// PutAt stores bytes under a readable key.
	PutAt(ctx context.Context, key string, r io.Reader) (gristmill.Ref, error)
	// OpenAt returns the bytes under a readable key.
	OpenAt(ctx context.Context, key string) (io.ReadCloser, error)
	// Open returns the bytes of a digest, verified as they are read.
	Open(ctx context.Context, d gristmill.Digest) (io.ReadCloser, error)
	// Get returns the verified bytes of a digest, at most so many.
	Get(ctx context.Context, d gristmill.Digest, maxSize int64) ([]byte, error)
}

// errTooLarge is wrapped by the error that says that an artifact is larger than
// its reader allows.
var errTooLarge = errors.New("too large")

// maxObject bounds what an activity reads into memory at once.
const maxObject = 4 << 30

// putJSON stores a value as JSON under its digest.
func putJSON(ctx context.Context, b Blobs, v any, mediaType string) (gristmill.Ref, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return gristmill.Ref{}, fmt.Errorf("encode %s: %w", mediaType, err)
	}
	return b.Put(ctx, bytes.NewReader(text), mediaType)
}

// getJSON reads a stored JSON value.
func getJSON(ctx context.Context, b Blobs, d gristmill.Digest, to any) error {
	text, err := b.Get(ctx, d, maxObject)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("decode object %s: %w", d.Short(), err)
	}
	return nil
}

// artifact stores a file of the run under a readable key and records it.
func (a *attempt) artifact(ctx context.Context, b Blobs, name string, content []byte) error {
	run, err := a.runs.Run(ctx, a.in.RunID)
	if err != nil {
		return err
	}
	return putArtifact(ctx, a.runs, b, run, name, content)
}

// putArtifact stores a file of a run under a readable key and records it.
func putArtifact(ctx context.Context, runs tracking.Store, b Blobs, run tracking.Run, name string, content []byte) error {
	key := path.Join(fmt.Sprint(run.ExperimentID), run.ID, "artifacts", name)
	ref, err := b.PutAt(ctx, key, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("store artifact %s: %w", name, err)
	}
	return runs.PutArtifact(ctx, tracking.Artifact{RunID: run.ID, Path: name, URI: ref.URI, Digest: ref.Digest, Size: ref.Size, Type: ref.Type, CreatedAt: time.Now()})
}

// getArtifact reads a file of a run; one of more than limit bytes is an error.
func getArtifact(ctx context.Context, runs tracking.Store, b Blobs, run, name string, limit int64) ([]byte, error) {
	a, err := runs.Artifact(ctx, run, name)
	if err != nil {
		return nil, err
	}
	r, err := b.OpenAt(ctx, strings.TrimPrefix(a.URI, gristmill.BlobScheme))
	if err != nil {
		return nil, fmt.Errorf("open artifact %s: %w", name, err)
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read artifact %s: %w", name, err)
	}
	if int64(len(content)) > limit {
		return nil, gristmill.Hide(gristmill.Internal, errTooLarge, "artifact %s of run %s is larger than %d bytes", name, run, limit)
	}
	if gristmill.DigestOf(content) != a.Digest {
		return nil, gristmill.Errorf(gristmill.Internal, "artifact %s of run %s has not the bytes that were stored", name, run)
	}
	return content, nil
}

// pulse heartbeats while bytes flow, so that a heartbeat means progress.
type pulse struct {
	ctx  context.Context
	r    io.Reader
	n    int64
	last time.Time
}

func newPulse(ctx context.Context, r io.Reader) io.Reader { return &pulse{ctx: ctx, r: r} }

// Read passes bytes through.
func (p *pulse) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.n += int64(n)
	if time.Since(p.last) > time.Second {
		p.last = time.Now()
		activity.RecordHeartbeat(p.ctx, map[string]int64{"bytes": p.n})
	}
	return n, err
}

// flow passes bytes through and tells of them: in the heartbeats, so that one
// means progress, and in the step's log every few seconds.
type flow struct {
	ctx        context.Context
	a          *attempt
	r          io.Reader
	what       string
	n          int64
	beat, said time.Time
}

// sayEvery is how often a long flow is told of in the step's log.
const sayEvery = 5 * time.Second

func newFlow(ctx context.Context, a *attempt, r io.Reader, what string) *flow {
	return &flow{ctx: ctx, a: a, r: r, what: what, said: time.Now()}
}

// Read passes bytes through.
func (f *flow) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	f.n += int64(n)
	now := time.Now()
	if n > 0 && now.Sub(f.beat) > time.Second {
		f.beat = now
		f.a.life.progress(map[string]int64{f.what: f.n})
	}
	if n > 0 && now.Sub(f.said) > sayEvery {
		f.said = now
		f.a.say(f.ctx, "info", "%s %d bytes so far", f.what, f.n)
	}
	return n, err
}

// flowing is a flow that is closed with its source.
type flowing struct {
	io.Reader
	io.Closer
}
