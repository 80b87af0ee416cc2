package flake

import (
	"bytes"
	"strings"
	"testing"
)

func TestProgressFilter(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"lines", "warning: dirty\nbuilding 'x'...\n", "warning: dirty\nbuilding 'x'...\n"},
		{"error at the end", "building\nerror: no\n       more\n\n       at x:1:1:\n(use '--show-trace' to show detailed location information)\n", "building\n"},
		{"goes on after an error", "error: one\n       two\nbuilding 'y'...\nerror: three\n", "building 'y'...\n"},
		{"coloured", "\x1b[31;1merror:\x1b[0m no\n\x1b[35;1mwarning:\x1b[0m x\n", "\x1b[35;1mwarning:\x1b[0m x\n"},
		{"progress bar", "\r\x1b[K[1/2] a\r\x1b[K[2/2] b\r\x1b[K\x1b[31;1merror:\x1b[0m no\r\n", "\r\x1b[K[1/2] a\r\x1b[K[2/2] b\r\x1b[K"},
		{"not an error", "errors are bad\nerr\n  error: of a build\n", "errors are bad\nerr\n  error: of a build\n"},
		{"empty lines", "\na\n\n", "\na\n\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for size := 1; size <= len(c.in); size++ {
				var out bytes.Buffer
				writeChunks(t, &progressFilter{w: &out}, c.in, size)
				if out.String() != c.want {
					t.Fatalf("in pieces of %d: %q, want %q", size, out.String(), c.want)
				}
			}
		})
	}
}

// TestProgressIsPrompt checks that a line without an end is passed on as soon as it cannot become an error.
func TestProgressIsPrompt(t *testing.T) {
	var out bytes.Buffer
	f := &progressFilter{w: &out}
	for _, step := range []struct{ in, want string }{
		{"\r\x1b[K[", "\r\x1b[K["}, {"1/2]", "1/2]"}, {"\r\x1b[Ker", "\r"}, {"a", "\x1b[Kera"}, {"\nerror", "\n"}, {"s", "errors"},
	} {
		out.Reset()
		writeChunks(t, f, step.in, len(step.in))
		if out.String() != step.want {
			t.Errorf("after %q: %q, want %q", step.in, out.String(), step.want)
		}
	}
}

func writeChunks(t *testing.T, f *progressFilter, text string, size int) {
	t.Helper()
	for len(text) > 0 {
		n := min(size, len(text))
		if written, err := f.Write([]byte(text[:n])); written != n || err != nil {
			t.Fatalf("Write gives %d, %v", written, err)
		}
		text = text[n:]
	}
}

func TestTailBuffer(t *testing.T) {
	var tail tailBuffer
	for _, s := range []string{"begin", strings.Repeat("x", 3*tailSize), strings.Repeat("y", tailSize-3), "end"} {
		if n, err := tail.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatalf("Write gives %d, %v", n, err)
		}
	}
	if got := tail.String(); got != strings.Repeat("y", tailSize-3)+"end" {
		t.Errorf("keeps %d bytes ending in %q", len(got), got[max(0, len(got)-10):])
	}
}
