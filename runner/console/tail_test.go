package console_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"

	"microvm/runner/console"
)

func TestTail(t *testing.T) {
	long := strings.Repeat("x", 511)
	cases := []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"lines", "a\nb\n", []string{"a", "b"}},
		{"unfinished line", "a\nb", []string{"a", "b"}},
		{"last three", "1\n2\n3\n4\n5", []string{"3", "4", "5"}},
		{"blank lines are not counted", "1\n\n2\n \r\n3\n\n\n", []string{"1", "2", "3"}},
		{"line ends of terminals", "a\r\nb\r\n", []string{"a", "b"}},
		{"the same line over", "10%\r50%\r100%\r\n", []string{"100%"}},
		{"colours", "\x1b[1;31mKernel panic\x1b[0m - not syncing", []string{"Kernel panic - not syncing"}},
		{"SeaBIOS", "\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS", []string{"SeaBIOS"}},
		{"window title", "\x1b]0;rm -rf\x07$ ls", []string{"$ ls"}},
		{"title, other end", "\x1b]0;x\x1b\\$ ls", []string{"$ ls"}},
		{"sixel", "\x1bPq#0\x1b\\done", []string{"done"}},
		{"character set", "\x1b(0lqk\x1b(B", []string{"lqk"}},
		{"open sequences", "see \x1b]52;c;eA", []string{"see 52;c;eA"}},
		{"escape at the end", "a\x1b", []string{"a\uFFFD"}},
		{"bell, backspace, delete", "a\x07b\x08c\x7f", []string{"a\uFFFDb\uFFFDc\uFFFD"}},
		{"C1 in UTF-8 and bare", "a\u009b2Jb\x9b2J", []string{"a\uFFFD2Jb\uFFFD2J"}},
		{"text direction", "a\u202eb\u2066c\u2028", []string{"a\uFFFDb\uFFFDc"}},
		{"not UTF-8", "a\xff\xfeb", []string{"a\uFFFDb"}},
		{"words", "a\tgrüße 世界", []string{"a\tgrüße 世界"}},
		{"long line", long + "yz\nshort", []string{long + "y…", "short"}},
		{"as long as may be", long + "y\r\nshort", []string{long + "y", "short"}},
		{"cut within a letter", long + "世\nshort", []string{long + "…", "short"}},
		{"cut after a letter", long[2:] + "世z\n", []string{long[2:] + "世…"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			whole, pieces := tail(t, strings.NewReader(c.in)), tail(t, iotest.OneByteReader(strings.NewReader(c.in)))
			if !slices.Equal(whole, c.want) {
				t.Errorf("got  %q\nwant %q", whole, c.want)
			}
			if !slices.Equal(pieces, whole) {
				t.Errorf("byte by byte %q\nat once      %q", pieces, whole)
			}
		})
	}
}

func TestTailKeepsTwentyUnlessTold(t *testing.T) {
	var tail console.Tail
	for i := range 100 {
		fmt.Fprintf(&tail, "line %d\n", i)
	}
	lines := tail.Lines()
	if len(lines) != 20 || lines[0] != "line 80" || lines[19] != "line 99" {
		t.Errorf("got %q", lines)
	}
}

func TestTailIsBounded(t *testing.T) {
	tail := console.Tail{Limit: 2}
	for range 1000 {
		if _, err := tail.Write(make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
	}
	if lines := tail.Lines(); len(lines) != 1 || utf8.RuneCountInString(lines[0]) != 513 {
		t.Errorf("got %d lines of %q", len(lines), lines)
	}
}

func TestWritersAtOnce(t *testing.T) {
	var tail console.Tail
	var count console.Counter
	both := io.MultiWriter(&tail, &count)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 100 {
				fmt.Fprint(both, "0123456789\n")
				tail.Lines()
				count.Count()
			}
		})
	}
	writers.Wait()
	if got := count.Count(); got != 8*100*11 {
		t.Errorf("counted %d bytes", got)
	}
	for _, line := range tail.Lines() {
		if line != "0123456789" {
			t.Errorf("torn line %q", line)
		}
	}
}

func FuzzTail(f *testing.F) {
	f.Add([]byte("a\x1b[31mb\r\n\x1b]0;t\x07\u202e"))
	f.Add([]byte("\x1b\x1b\x1b[\x1b]\x1bP\x9b"))
	f.Fuzz(func(t *testing.T, in []byte) {
		lines := tail(t, strings.NewReader(string(in)))
		if len(lines) > 3 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, line := range lines {
			for _, r := range line {
				if unicode.IsControl(r) && r != '\t' {
					t.Fatalf("%q has %U", line, r)
				}
			}
			if !utf8.ValidString(line) || utf8.RuneCountInString(line) > 513 {
				t.Fatalf("bad line %q", line)
			}
		}
	})
}

func tail(t *testing.T, in io.Reader) []string {
	t.Helper()
	tail := console.Tail{Limit: 3}
	if _, err := io.Copy(&tail, struct{ io.Reader }{in}); err != nil {
		t.Fatal(err)
	}
	return tail.Lines()
}
