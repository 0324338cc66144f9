// Package blobtest holds the conformance suite of blob stores: every driver
// must pass it.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"gristmill"
	"gristmill/store/blob"
)

// Opened is a store with nothing in it, and a way to alter what it stored
// behind its back.
type Opened struct {
	Store *blob.Store
	Alter func(t *testing.T, key string, content []byte)
}

// Store runs the suite; open is called once per test.
func Store(t *testing.T, open func(t *testing.T) Opened) {
	for name, test := range map[string]func(*testing.T, Opened){
		"PutNamesBytesByDigest":           putNames,
		"PutTwiceStoresOnce":              putTwice,
		"PutOfABrokenInputStoresNothing":  putBroken,
		"PutConcurrently":                 putConcurrently,
		"LargeObjectsComeBackWhole":       large,
		"AlteredBytesAreRefused":          altered,
		"GetRefusesTooLarge":              tooLarge,
		"MissingObjectsAreNamed":          missing,
		"ReadableKeys":                    readable,
		"Ranges":                          ranges,
		"KeysThatLeaveTheStoreAreRefused": badKeys,
		"ACanceledContextIsTheError":      canceled,
		"CheckFindsTheStore":              func(t *testing.T, o Opened) { noError(t, o.Store.Check(context.Background())) },
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func putNames(t *testing.T, o Opened) {
	ctx := context.Background()
	for _, content := range []string{"", "a", "grist for the mill\n"} {
		ref, err := o.Store.Put(ctx, strings.NewReader(content), "text/plain")
		noError(t, err)
		digest := gristmill.DigestOf([]byte(content))
		want := gristmill.Ref{URI: "blob:sha256/" + string(digest[:2]) + "/" + string(digest), Digest: digest, Size: int64(len(content)), Type: "text/plain"}
		if ref != want {
			t.Errorf("ref of %q: %+v, want %+v", content, ref, want)
		}
		if key, err := blob.KeyOf(ref.URI); err != nil || key != blob.Key(digest) {
			t.Errorf("key of %s: %q, %v", ref.URI, key, err)
		}
		got, err := o.Store.Get(ctx, digest, 100)
		if err != nil || string(got) != content {
			t.Errorf("got %q, %v; want %q", got, err, content)
		}
		info, err := o.Store.Stat(ctx, digest)
		if err != nil || info.Size != int64(len(content)) || info.Modified.IsZero() {
			t.Errorf("stat: %+v, %v", info, err)
		}
	}
}

func putTwice(t *testing.T, o Opened) {
	ctx := context.Background()
	first, err := o.Store.Put(ctx, strings.NewReader("same"), "text/plain")
	noError(t, err)
	before, err := o.Store.Stat(ctx, first.Digest)
	noError(t, err)
	second, err := o.Store.Put(ctx, strings.NewReader("same"), "text/plain")
	noError(t, err)
	after, err := o.Store.Stat(ctx, first.Digest)
	noError(t, err)
	if first != second || before != after {
		t.Errorf("second Put changed %+v %+v to %+v %+v", first, before, second, after)
	}
}

var errBroken = errors.New("the line went dead")

func putBroken(t *testing.T, o Opened) {
	ctx := context.Background()
	for _, size := range []int{10, 3 << 20} {
		content := random(size)
		in := io.MultiReader(bytes.NewReader(content), failing{})
		if _, err := o.Store.Put(ctx, in, ""); !errors.Is(err, errBroken) {
			t.Errorf("Put of %d bytes and an error: %v", size, err)
		}
		if _, err := o.Store.PutAt(ctx, "broken/file", io.MultiReader(bytes.NewReader(content), failing{})); !errors.Is(err, errBroken) {
			t.Errorf("PutAt of %d bytes and an error: %v", size, err)
		}
		isKind(t, second(o.Store.Stat(ctx, gristmill.DigestOf(content))), gristmill.NotFound)
		isKind(t, second(o.Store.StatAt(ctx, "broken/file")), gristmill.NotFound)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

func putConcurrently(t *testing.T, o Opened) {
	ctx, content := context.Background(), random(100_000)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if _, err := o.Store.Put(ctx, bytes.NewReader(content), ""); err != nil {
				t.Errorf("same bytes: %v", err)
			}
			if _, err := o.Store.PutAt(ctx, "shared/key.txt", strings.NewReader(fmt.Sprintf("writer %02d", i))); err != nil {
				t.Errorf("same key: %v", err)
			}
		})
	}
	wg.Wait()
	got, err := o.Store.Get(ctx, gristmill.DigestOf(content), 1<<20)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if text := readAt(t, o.Store, "shared/key.txt"); !strings.HasPrefix(text, "writer ") || len(text) != 9 {
		t.Errorf("of many writers one wins whole, got %q", text)
	}
}

func large(t *testing.T, o Opened) {
	ctx := context.Background()
	for _, size := range []int{1<<20 - 1, 1 << 20, 1<<20 + 1, 20 << 20} { // at the border of memory and file; more than one part
		content := random(size)
		ref, err := o.Store.Put(ctx, bytes.NewReader(content), "application/octet-stream")
		noError(t, err)
		if ref.Digest != gristmill.DigestOf(content) || ref.Size != int64(size) {
			t.Errorf("%d bytes: %+v", size, ref)
		}
		got, err := o.Store.Get(ctx, ref.Digest, int64(size))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
		}
	}
}

func altered(t *testing.T, o Opened) {
	ctx := context.Background()
	for _, bad := range []string{"the weights.", "The weights", "the weights and more", ""} {
		ref, err := o.Store.Put(ctx, strings.NewReader("the weights"), "")
		noError(t, err)
		key := blob.Key(ref.Digest)
		o.Alter(t, key, []byte(bad))
		_, err = o.Store.Get(ctx, ref.Digest, 1000)
		isCorrupt(t, err, key, ref.Digest, bad)
		r, err := o.Store.Open(ctx, ref.Digest)
		noError(t, err)
		_, err = io.ReadAll(r)
		isCorrupt(t, err, key, ref.Digest, bad)
		if _, again := r.Read(make([]byte, 1)); again == nil || again.Error() != err.Error() {
			t.Errorf("a read after the verdict: %v", again)
		}
		noError(t, r.Close())
		_, err = o.Store.Put(ctx, strings.NewReader("the weights"), "") // the good bytes heal it
		noError(t, err)
		healed, err := o.Store.Get(ctx, ref.Digest, 1000)
		noError(t, err)
		if string(healed) != "the weights" {
			t.Errorf("healed to %q", healed)
		}
	}
}

func isCorrupt(t *testing.T, err error, key string, want gristmill.Digest, got string) {
	t.Helper()
	isKind(t, err, gristmill.Internal)
	if !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("%v does not wrap ErrCorrupt", err)
	}
	for _, part := range []string{key, string(want), string(gristmill.DigestOf([]byte(got))), "corrupt"} {
		if !strings.Contains(gristmill.Public(err), part) {
			t.Errorf("%q does not name %q", gristmill.Public(err), part)
		}
	}
}

func tooLarge(t *testing.T, o Opened) {
	ctx := context.Background()
	ref, err := o.Store.Put(ctx, strings.NewReader("0123456789"), "")
	noError(t, err)
	isKind(t, second(o.Store.Get(ctx, ref.Digest, 9)), gristmill.Exhausted)
	if got, err := o.Store.Get(ctx, ref.Digest, 10); err != nil || len(got) != 10 {
		t.Errorf("exactly at the limit: %q, %v", got, err)
	}
}

func missing(t *testing.T, o Opened) {
	ctx, digest := context.Background(), gristmill.DigestOf([]byte("never stored"))
	for what, err := range map[string]error{
		"Open": second(o.Store.Open(ctx, digest)), "Get": second(o.Store.Get(ctx, digest, 1)), "Stat": second(o.Store.Stat(ctx, digest)),
		"OpenAt": second(o.Store.OpenAt(ctx, blob.Key(digest))), "StatAt": second(o.Store.StatAt(ctx, blob.Key(digest))),
		"OpenRange": second(o.Store.OpenRange(ctx, blob.Key(digest), 2, 3)),
	} {
		isKind(t, err, gristmill.NotFound)
		if !strings.Contains(gristmill.Public(err), blob.Key(digest)) {
			t.Errorf("%s: %q does not name the key", what, gristmill.Public(err))
		}
	}
	for _, bad := range []gristmill.Digest{"", "abc", "../../../etc/passwd", gristmill.Digest(strings.Repeat("A", 64))} {
		isKind(t, second(o.Store.Open(ctx, bad)), gristmill.Invalid)
		isKind(t, second(o.Store.Stat(ctx, bad)), gristmill.Invalid)
	}
	// A key that only begins others is no object.
	_, err := o.Store.PutAt(ctx, "dir/file", strings.NewReader("x"))
	noError(t, err)
	isKind(t, second(o.Store.StatAt(ctx, "dir")), gristmill.NotFound)
	isKind(t, second(o.Store.OpenAt(ctx, "dir")), gristmill.NotFound)
}

func readable(t *testing.T, o Opened) {
	ctx := context.Background()
	key := "1/4bc1/artifacts/Übersicht (1)/model card.md"
	for _, content := range []string{"first", "second, longer", "2nd"} {
		for range 2 {
			ref, err := o.Store.PutAt(ctx, key, strings.NewReader(content))
			noError(t, err)
			want := gristmill.Ref{URI: "blob:" + key, Digest: gristmill.DigestOf([]byte(content)), Size: int64(len(content)), Type: "text/markdown; charset=utf-8"}
			if ref != want {
				t.Errorf("ref %+v, want %+v", ref, want)
			}
		}
		if got := readAt(t, o.Store, key); got != content {
			t.Errorf("got %q, want %q", got, content)
		}
		info, err := o.Store.StatAt(ctx, key)
		if err != nil || info.Size != int64(len(content)) || info.Key != key || info.Type != "text/markdown; charset=utf-8" {
			t.Errorf("stat: %+v, %v", info, err)
		}
	}
	isKind(t, second(o.Store.PutAt(ctx, blob.Key(gristmill.DigestOf(nil)), strings.NewReader("poison"))), gristmill.Forbidden)
}

func ranges(t *testing.T, o Opened) {
	ctx := context.Background()
	_, err := o.Store.PutAt(ctx, "digits", strings.NewReader("0123456789"))
	noError(t, err)
	_, err = o.Store.PutAt(ctx, "empty", strings.NewReader(""))
	noError(t, err)
	for _, c := range []struct {
		key            string
		offset, length int64
		want           string
	}{
		{"digits", 0, -1, "0123456789"}, {"digits", 0, 1, "0"}, {"digits", 0, 10, "0123456789"}, {"digits", 3, 4, "3456"},
		{"digits", 9, 1, "9"}, {"digits", 5, -1, "56789"}, {"digits", 8, 100, "89"}, {"digits", 4, 0, ""},
		{"empty", 0, -1, ""}, {"empty", 0, 5, ""},
	} {
		r, err := o.Store.OpenRange(ctx, c.key, c.offset, c.length)
		if err != nil {
			t.Errorf("%s[%d,%d]: %v", c.key, c.offset, c.length, err)
			continue
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != c.want {
			t.Errorf("%s[%d,%d] = %q, %v; want %q", c.key, c.offset, c.length, got, err, c.want)
		}
		noError(t, r.Close())
	}
	for _, offset := range []int64{-1, 10, 11} {
		isKind(t, second(o.Store.OpenRange(ctx, "digits", offset, 1)), gristmill.Invalid)
	}
}

func badKeys(t *testing.T, o Opened) {
	ctx := context.Background()
	for _, key := range []string{
		"", "/", "/etc/passwd", "..", "../up", "a/../../up", "a/..", ".", "a/./b", "a//b", "a/", `a\b`, `..\up`,
		"a\x00b", "a\nb", "a\xffb", strings.Repeat("k", 1025), strings.Repeat("k", 256),
	} {
		isKind(t, second(o.Store.PutAt(ctx, key, strings.NewReader("x"))), gristmill.Invalid)
		isKind(t, second(o.Store.OpenAt(ctx, key)), gristmill.Invalid)
		isKind(t, second(o.Store.StatAt(ctx, key)), gristmill.Invalid)
	}
	for _, uri := range []string{"", "s3://bucket/key", "file:///etc/passwd", "blob:", "blob:../up"} {
		isKind(t, second(blob.KeyOf(uri)), gristmill.Invalid)
	}
}

func canceled(t *testing.T, o Opened) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := o.Store.Put(ctx, strings.NewReader("late"), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v", err)
	}
	isKind(t, second(o.Store.Stat(context.Background(), gristmill.DigestOf([]byte("late")))), gristmill.NotFound)
}

func second[T any](_ T, err error) error { return err }

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func isKind(t *testing.T, err error, want gristmill.Kind) {
	t.Helper()
	if gristmill.KindOf(err) != want {
		t.Errorf("kind %q of %v, want %q", gristmill.KindOf(err), err, want)
	}
}

func readAt(t *testing.T, s *blob.Store, key string) string {
	t.Helper()
	r, err := s.OpenAt(context.Background(), key)
	noError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	noError(t, err)
	return string(b)
}

// random returns n bytes that do not compress, the same in every run.
func random(n int) []byte {
	b := make([]byte, n)
	src := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	_, _ = src.Read(b) // never fails
	return b
}
