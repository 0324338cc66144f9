package charset_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"gristmill"
	"gristmill/dataset/charset"
)

func Example() {
	r, err := charset.NewReader(strings.NewReader("caf\xe9,\x80 5"), charset.Windows1252)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := io.ReadAll(r)
	fmt.Println(string(text), err)
	// Output: café,€ 5 <nil>
}

// wide encodes a text as UTF-16.
func wide(text string, little bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		if little {
			b.WriteByte(byte(u))
			b.WriteByte(byte(u >> 8))
		} else {
			b.WriteByte(byte(u >> 8))
			b.WriteByte(byte(u))
		}
	}
	return b.String()
}

func TestEveryEncodingDecodes(t *testing.T) {
	t.Parallel()
	const text = "name,€\nŁódź 🌾,\"1\r\n2\"\n"
	long := strings.Repeat("aé🌾", 50_000)
	for _, c := range []struct{ what, in, name, want string }{
		{"nothing", "", "", ""},
		{"one byte", "a", "", "a"},
		{"UTF-8", text, "", text},
		{"UTF-8 by name", text, "utf-8", text},
		{"UTF-8 with a mark, which CSV skips", "\ufeff" + text, "", "\ufeff" + text},
		{"UTF-16 by its mark", "\xff\xfe" + wide(text, true), "", text},
		{"UTF-16, big end first, by its mark", "\xfe\xff" + wide(text, false), "", text},
		{"utf-16 and a mark", "\xfe\xff" + wide(text, false), "utf-16", text},
		{"utf-16 by its first character", wide(text, true), "utf-16", text},
		{"utf-16 by its first character, big end first", wide(text, false), "utf-16", text},
		{"utf-16le", wide(text, true), "utf-16le", text},
		{"utf-16le and a mark", "\xff\xfe" + wide(text, true), "utf-16le", text},
		{"utf-16be", wide(text, false), "utf-16be", text},
		{"long", wide(long, true), "utf-16le", long},
		{"windows-1252", "\x80\x85\x99\xff", "windows-1252", "€…™ÿ"},
		{"latin-1", "\x80\xa4\xff", "latin-1", "\u0080¤ÿ"},
		{"only a mark", "\xff\xfe", "", ""},
	} {
		for how, wrap := range map[string]func(io.Reader) io.Reader{"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with the end": iotest.DataErrReader} {
			r, err := charset.NewReader(wrap(strings.NewReader(c.in)), c.name)
			if err != nil {
				t.Errorf("%s %s: %v", c.what, how, err)
				continue
			}
			if got, err := io.ReadAll(r); err != nil || string(got) != c.want {
				t.Errorf("%s %s: %.80q, %v; want %.80q", c.what, how, got, err, c.want)
			}
		}
	}
}

// Every byte of windows-1252 and latin-1 against the tables of the standards:
// beyond these differences both are Unicode's first 256 characters.
func TestNarrowTables(t *testing.T) {
	t.Parallel()
	differ := []rune("€\x00‚ƒ„…†‡ˆ‰Š‹Œ\x00Ž\x00\x00‘’“”•–—˜™š›œ\x00žŸ") // 0x80 to 0x9F
	for b := range 256 {
		for _, name := range []string{charset.Windows1252, charset.Latin1} {
			want := rune(b)
			if name == charset.Windows1252 && b >= 0x80 && b < 0xa0 {
				want = differ[b-0x80]
			}
			r, err := charset.NewReader(strings.NewReader("x"+string([]byte{byte(b)})), name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if want == 0 && b != 0 {
				if msg := fmt.Sprintf("the file is not windows-1252: 0x%02X is no character at byte 2; expected another data.encoding", b); gristmill.Public(err) != msg {
					t.Errorf("%s 0x%02X: %v", name, b, err)
				}
				continue
			}
			if err != nil || string(got) != "x"+string(want) {
				t.Errorf("%s 0x%02X: %q, %v", name, b, got, err)
			}
		}
	}
}

func TestWhatIsNoTextIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, in, name, want string }{
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", "", "data.encoding: the file begins with the byte order mark of UTF-32, which is not read; convert it to UTF-8"},
		{"no mark", "\x42\x30\x44\x30", "utf-16", `data.encoding: "utf-16", but the file has no byte order mark; expected "utf-16le" or "utf-16be"`},
		{"the other order", "\xfe\xff\x00a", "utf-16le", `data.encoding: "utf-16le", but the file begins with the byte order mark of utf-16be; expected "utf-16be" or no key`},
		{"UTF-8 that is said to be narrow", "\ufeffa", "windows-1252", `data.encoding: "windows-1252", but the file begins with the byte order mark of utf-8; expected "utf-8" or no key`},
		{"UTF-16 that is said to be UTF-8", "\xff\xfea\x00", "utf-8", `data.encoding: "utf-8", but the file begins with the byte order mark of utf-16le; expected "utf-16le" or no key`},
		{"half a character", "\xff\xfea\x00b", "", "the file is not utf-16le: half a character at byte 5; expected another data.encoding"},
		{"a high surrogate alone", "a\x00\x3d\xd8b\x00", "utf-16le", "the file is not utf-16le: half a surrogate pair, 0xD83D, at byte 3; expected another data.encoding"},
		{"a low surrogate alone", "a\x00\x3e\xdfb\x00", "utf-16le", "the file is not utf-16le: half a surrogate pair, 0xDF3E, at byte 3; expected another data.encoding"},
		{"a high surrogate at the end", "a\x00\x3d\xd8", "utf-16le", "the file is not utf-16le: half a surrogate pair, 0xD83D, at byte 3; expected another data.encoding"},
	} {
		for _, wrap := range []func(io.Reader) io.Reader{iotest.HalfReader, iotest.OneByteReader} {
			r, err := charset.NewReader(wrap(strings.NewReader(c.in)), c.name)
			if err == nil {
				_, err = io.ReadAll(r)
			}
			if gristmill.KindOf(err) != gristmill.Invalid || gristmill.Public(err) != c.want {
				t.Errorf("%s:\n got %v\nwant %s", c.what, err, c.want)
			}
		}
	}
	broken := errors.New("the disk is gone")
	for _, head := range []string{"", "a\x00", "a\x00b\x00c\x00"} {
		r, err := charset.NewReader(io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken)), "utf-16le")
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if !errors.Is(err, broken) {
			t.Errorf("after %q: %v", head, err)
		}
	}
}

func FuzzNewReader(f *testing.F) {
	for _, name := range append(charset.Names(), "") {
		f.Add([]byte("\xff\xfea\x00\x3d\xd8"), name)
	}
	f.Fuzz(func(t *testing.T, in []byte, name string) {
		r, err := charset.NewReader(strings.NewReader(string(in)), name)
		if err != nil {
			return
		}
		if text, err := io.ReadAll(r); err == nil && name != "" && name != charset.UTF8 && !strings.HasPrefix(name, "utf") && len([]rune(string(text))) > len(in) {
			t.Errorf("%q as %s has %d characters", in, name, len([]rune(string(text))))
		}
	})
}
