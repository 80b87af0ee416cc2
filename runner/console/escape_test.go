package console_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"microvm/runner/console"
)

const (
	stop = console.KeyStop
	help = console.KeyHelp
)

var escapeCases = []struct {
	name, in, out string
	keys          []console.Key
}{
	{"nothing", "", "", nil},
	{"plain text", "ls -l\r", "ls -l\r", nil},
	{"control keys pass", "\x03\x04\x1a\x1b[A\xff\x00", "\x03\x04\x1a\x1b[A\xff\x00", nil},
	{"stop", "\x01x", "", []console.Key{stop}},
	{"help, both ways", "\x01h\x01?", "", []console.Key{help, help}},
	{"literal prefix", "\x01a", "\x01", nil},
	{"literal prefix as in QEMU", "\x01\x01", "\x01", nil},
	{"a literal prefix is none", "\x01ax\x01\x01x", "\x01x\x01x", nil},
	{"unknown key keeps its prefix", "\x01c\x01X", "\x01c\x01X", nil},
	{"prefix at the end", "w\x01", "w\x01", nil},
	{"commands between text", "a\x01xb\x01hc", "abc", []console.Key{stop, help}},
}

func TestEscape(t *testing.T) {
	readers := map[string]func(io.Reader) io.Reader{
		"at once":      func(r io.Reader) io.Reader { return r },
		"byte by byte": iotest.OneByteReader,
		"end with it":  iotest.DataErrReader,
	}
	for _, c := range escapeCases {
		for how, wrap := range readers {
			t.Run(c.name+", "+how, func(t *testing.T) {
				out, keys, err := escape(wrap(strings.NewReader(c.in)))
				if err != nil || out != c.out || !slices.Equal(keys, c.keys) {
					t.Errorf("got %q %v %v, want %q %v", out, keys, err, c.out, c.keys)
				}
			})
		}
	}
}

func TestEscapeWritesBeforeItCalls(t *testing.T) {
	var out bytes.Buffer
	var seen []string
	err := console.NewEscape(strings.NewReader("ab\x01hcd\x01x"), &out, func(console.Key) {
		seen = append(seen, out.String())
	}).Run(context.Background())
	if want := []string{"ab", "abcd"}; err != nil || !slices.Equal(seen, want) {
		t.Errorf("got %q %v, want %q", seen, err, want)
	}
}

func TestEscapeReportsBothSides(t *testing.T) {
	broken := errors.New("broken")
	out, _, err := escape(io.MultiReader(strings.NewReader("a\x01"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || out != "a\x01" {
		t.Errorf("keyboard: got %q %v", out, err)
	}
	r, w := io.Pipe()
	r.CloseWithError(broken)
	for _, in := range []string{"a", "a\x01x", "\x01"} {
		err := console.NewEscape(strings.NewReader(in), w, func(console.Key) {}).Run(context.Background())
		if !errors.Is(err, broken) {
			t.Errorf("guest, %q: got %v", in, err)
		}
	}
}

func TestEscapeEndsWithContext(t *testing.T) {
	in, keyboard := io.Pipe()
	defer keyboard.Close()
	why := errors.New("guest is gone")
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := make(chan error)
	go func() { ended <- console.NewEscape(in, io.Discard, func(console.Key) {}).Run(ctx) }()
	if _, err := keyboard.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	cancel(why)
	if err := <-ended; !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

func FuzzEscape(f *testing.F) {
	for _, c := range escapeCases {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, keys, err := escape(bytes.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		split, splitKeys, err := escape(iotest.OneByteReader(bytes.NewReader(in)))
		if err != nil || whole != split || !slices.Equal(keys, splitKeys) {
			t.Fatalf("%q whole: %q %v, split: %q %v %v", in, whole, keys, split, splitKeys, err)
		}
		if !bytes.Contains(in, []byte{1}) && (whole != string(in) || keys != nil) {
			t.Fatalf("%q has no prefix and became %q %v", in, whole, keys)
		}
		doubled := bytes.ReplaceAll(in, []byte{1}, []byte("\x01a"))
		if got, keys, err := escape(bytes.NewReader(doubled)); err != nil || keys != nil || got != string(in) {
			t.Fatalf("%q sent literally became %q %v %v", in, got, keys, err)
		}
	})
}

func escape(in io.Reader) (string, []console.Key, error) {
	var out strings.Builder
	var keys []console.Key
	err := console.NewEscape(in, &out, func(k console.Key) { keys = append(keys, k) }).Run(context.Background())
	return out.String(), keys, err
}
