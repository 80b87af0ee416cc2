package flake

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

func TestNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for path, want := range map[string]error{"": exec.ErrNotFound, filepath.Join(t.TempDir(), "nix"): fs.ErrNotExist} {
		_, err := (&CLI{Path: path}).Version(t.Context())
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, want) || !strings.Contains(e.Hint(), "install Nix") || e.ExitCode != -1 {
			t.Errorf("Path %q: %v, want an *Error with %v and a hint", path, err, want)
		}
	}
}

func TestStderrAndLog(t *testing.T) {
	c, calls := fakeCLI(t, reply{Match: "eval", Stderr: "warning: w\nerror: no\n       way\n", Code: 3})
	var stderr, log bytes.Buffer
	c.Stderr = &stderr
	c.Args = []string{"--override-input", "x y", "path:/z"}
	c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_, err := c.Eval(t.Context(), ".#a", EvalOptions{Apply: "f"})
	var e *Error
	if !errors.As(err, &e) || e.ExitCode != 3 || e.Message() != "no\nway" || !strings.Contains(e.Stderr, "warning: w") {
		t.Errorf("got %#v", err)
	}
	if stderr.String() != "warning: w\n" {
		t.Errorf("stderr is %q", stderr.String())
	}
	want := `["eval --json --apply f --extra-experimental-features nix-command flakes --override-input x y path:/z -- .#a"]`
	if got := calls(); "["+strings.Join(got, " ")+"]" != want {
		t.Errorf("ran %s, want %s", got, want)
	}
	for _, part := range []string{"nix starts", "nix ended", "duration=", "code=3", `--override-input 'x y' path:/z -- .#a`} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log lacks %q: %s", part, log.String())
		}
	}
}

// announcer closes ready when nix has written something: then its signal handler is in place.
type announcer struct{ ready chan struct{} }

func (a *announcer) Write(p []byte) (int, error) {
	close(a.ready)
	return len(p), nil
}

func TestCancel(t *testing.T) {
	for _, c := range []struct {
		hang string
		code int
	}{{"polite", 1}, {"deaf", -1}} {
		t.Run(c.hang, func(t *testing.T) {
			cli, _ := fakeCLI(t, reply{Match: "eval", Stderr: "warning: here\n", Hang: c.hang})
			cli.grace = time.Minute
			if c.hang == "deaf" {
				cli.grace = 50 * time.Millisecond
			}
			ready := make(chan struct{})
			cli.Stderr = &announcer{ready}
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-ready
				cancel()
			}()
			_, err := cli.Eval(ctx, ".#a", EvalOptions{})
			var e *Error
			if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.ExitCode != c.code {
				t.Errorf("got %v, want context.Canceled with exit code %d", err, c.code)
			}
		})
	}
}

func TestTerminal(t *testing.T) {
	c, _ := fakeCLI(t, reply{Match: "eval", Stderr: "\r\x1b[K[1/2]\r\x1b[K\x1b[31;1merror:\x1b[0m no\n", Code: 1})
	var stderr bytes.Buffer
	c.Stderr = &stderr
	c.Terminal = pty.Open
	_, err := c.Eval(t.Context(), ".#a", EvalOptions{})
	var e *Error
	if !errors.As(err, &e) || e.Message() != "no" {
		t.Errorf("got %v", err)
	}
	if want := "\r\x1b[K[1/2]\r\x1b[K"; stderr.String() != want {
		t.Errorf("stderr is %q, want %q", stderr.String(), want)
	}
}

// TestStderrHeldOpen checks that what nix leaves running, such as an ssh master, does not turn success into failure.
func TestStderrHeldOpen(t *testing.T) {
	for name, terminal := range map[string]func() (*os.File, *os.File, error){"pipe": nil, "terminal": pty.Open} {
		t.Run(name, func(t *testing.T) {
			c, _ := fakeCLI(t, reply{Match: "eval", Leave: true})
			c.grace = 50 * time.Millisecond
			c.Terminal = terminal
			out, err := c.Eval(t.Context(), ".#a", EvalOptions{})
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(string(out))
			if err != nil {
				t.Fatal(err)
			}
			child, err := os.FindProcess(pid)
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Kill(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTooMuchOutput(t *testing.T) {
	b := &boundedBuffer{limit: 4}
	if _, err := b.Write([]byte("1234")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Write([]byte("5")); err == nil || b.full == nil || b.String() != "1234" {
		t.Errorf("holds %q, %v", b.String(), err)
	}
}

func TestBuildArgs(t *testing.T) {
	c, calls := fakeCLI(t, reply{Match: "build", Stdout: `["/nix/store/a"]`})
	o := BuildOptions{OutLink: "/r/current", Builders: []string{"ssh-ng://a", "ssh-ng://b x86_64-linux"}, Store: "ssh-ng://h", EvalStore: "auto", Args: []string{"--rebuild"}}
	if _, err := c.Build(t.Context(), ".#a", o); err != nil {
		t.Fatal(err)
	}
	want := []string{`"build --json --out-link /r/current --builders ssh-ng://a\nssh-ng://b x86_64-linux --store ssh-ng://h --eval-store auto --rebuild ` +
		`--extra-experimental-features nix-command flakes -- .#a"`}
	if got := calls(); !slices.Equal(got, want) {
		t.Errorf("ran  %s\nwant %s", got, want)
	}
}

func TestQuoteArgs(t *testing.T) {
	if got, want := quoteArgs([]string{"nix", "", "a b", "it's", ".#x", `"q"`, "$x"}), `nix '' 'a b' 'it'\''s' .#x '"q"' '$x'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
