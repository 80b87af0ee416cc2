package flake

import (
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

// CLI runs the nix command line client. The zero value runs `nix` from PATH, quietly. It may be used by several goroutines
// at once and must not be copied. Every method fails with an *Error when nix does.
type CLI struct {
	// Path is the nix executable, or a name to look up in PATH; "nix" if empty.
	Path string
	// Args go to the commands that evaluate or build a flake, before the installable: --override-input, --impure, --option, ...
	Args []string
	// Env is added to the environment of this process, as KEY=VALUE.
	Env []string
	// Stderr gets Nix's progress, warnings and build logs while it runs, but not its error: that is in the *Error, for the
	// caller to show once. If it is nil, all of it is dropped.
	Stderr io.Writer
	// Terminal, if set, opens a pseudo-terminal (creack/pty.Open fits): nix gets its second end as stderr, and what it writes is copied
	// to Stderr. To be set when Stderr is a terminal, since Nix draws its progress bar and colours on nothing else.
	Terminal func() (ptm, tty *os.File, err error)
	// Log gets one debug record when nix starts and one when it ends.
	Log *slog.Logger

	grace     time.Duration
	versionMu sync.Mutex
	version   *Version
	stderrMu  sync.Mutex
}

// features is passed to every command, so that nobody has to edit nix.conf; all implementations take it.
var features = []string{"--extra-experimental-features", "nix-command flakes"}

func (c *CLI) path() string {
	if c.Path == "" {
		return "nix"
	}
	return c.Path
}

func (c *CLI) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}

// killDelay is how long an interrupted nix may take to stop its builds before it is killed.
func (c *CLI) killDelay() time.Duration {
	if c.grace == 0 {
		return 5 * time.Second
	}
	return c.grace
}

// sharedStderr lets several processes of one CLI write to its Stderr.
type sharedStderr struct{ c *CLI }

func (w sharedStderr) Write(p []byte) (int, error) {
	if w.c.Stderr == nil {
		return len(p), nil
	}
	w.c.stderrMu.Lock()
	defer w.c.stderrMu.Unlock()
	return w.c.Stderr.Write(p)
}
