package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gristmill/ml/frame"
)

// texts gathers a column of texts or truth values: each different one, up to cap,
// with its number in order of appearance and how often it comes.
type texts struct {
	cap    int
	ids    map[string]int32
	names  []string
	counts []int
	hashes []uint64
	many   *sketch // beyond cap different ones
	values int
	length Length
	total  int // characters of all
}

func newTexts(limit int) *texts { return &texts{cap: limit, ids: map[string]int32{}} }

// add notes a text and returns its number, -1 if there were too many, and its hash.
func (t *texts) add(s string) (id int32, hash uint64) {
	n := utf8.RuneCountInString(s)
	if t.values == 0 || n < t.length.Min {
		t.length.Min = n
	}
	t.length.Max = max(t.length.Max, n)
	t.total += n
	t.values++
	key := keyOf(s)
	if id, known := t.ids[key]; known {
		t.counts[id]++
		return id, t.hashes[id]
	}
	hash = hashText(key)
	if len(t.names) < t.cap {
		key = strings.Clone(key) // it may be a piece of a whole batch
		id = int32(len(t.names))
		t.ids[key] = id
		t.names, t.counts, t.hashes = append(t.names, key), append(t.counts, 1), append(t.hashes, hash)
		return id, hash
	}
	if t.many == nil {
		t.many = newSketch()
		for _, h := range t.hashes {
			t.many.add(h)
		}
	}
	t.many.add(hash)
	return -1, hash
}

// keyOf returns what a text is remembered by: a long one by its beginning and
// hash, so that memory is bounded by the number of texts.
func keyOf(s string) string {
	const long, begin = 1024, 512 // begin is more than a list shows
	if len(s) <= long {
		return s
	}
	end := begin
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return fmt.Sprintf("%s\x00%016x %d", s[:end], hashText(s), len(s))
}

// finish fills in the column and returns how many values it has.
func (t *texts) finish(out *Column) int {
	out.Distinct = len(t.names)
	if t.many != nil {
		out.Approximate = true
		out.Distinct = max(t.many.estimate(), len(t.names)+1)
	}
	order := make([]int, len(t.names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.counts[b], t.counts[a]), cmp.Compare(t.names[a], t.names[b]))
	})
	for _, i := range order[:min(len(order), TopValues)] {
		out.Top = append(out.Top, Count{Value: frame.Shorten(t.names[i]), Count: t.counts[i]})
	}
	if out.Type == frame.String && t.values > 0 {
		t.length.Mean = float64(t.total) / float64(t.values)
		out.Length = &t.length
	}
	return t.values
}
