package flake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"regexp"
	"strings"
)

// Error is a nix command that failed, could not be started, or was cancelled.
type Error struct {
	// Args is the whole argv.
	Args []string
	// Stderr is the end of what nix wrote there, as it came, at most 64 KiB.
	Stderr string
	// ExitCode is -1 if nix did not start or was killed by a signal.
	ExitCode int
	// Err is from os/exec, or why the context was done.
	Err error
}

// Error names the command, its exit code and the innermost message of Nix's last error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.command())
	if exit := new(exec.ExitError); errors.As(e.Err, &exit) && e.ExitCode >= 0 {
		fmt.Fprintf(&b, " failed with exit code %d", e.ExitCode)
	} else {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if message := e.Message(); message != "" {
		fmt.Fprintf(&b, ": %s", strings.ReplaceAll(message, "\n", "\n  "))
	}
	return b.String()
}

// Unwrap gives exec.ErrNotFound, context.Canceled and the like.
func (e *Error) Unwrap() error { return e.Err }

// Message is the innermost message of the last error that is a cause and not the consequence of another one,
// with its position if there is one, without the trace, colours and control characters; "" if nix named no error.
func (e *Error) Message() string { return lastError(e.Stderr) }

const maxShownArg = 200

// command is the subcommand and the installable, the two parts of the argv that say what was asked for.
func (e *Error) command() string {
	var words []string
	for _, arg := range e.Args {
		if strings.HasPrefix(arg, "-") {
			break
		}
		words = append(words, arg)
	}
	if i := len(e.Args) - 2; i >= 0 && e.Args[i] == "--" {
		last := quoteArgs(e.Args[i+1:])
		if runes := []rune(last); len(runes) > maxShownArg {
			last = string(runes[:maxShownArg]) + "..."
		}
		words = append(words, last)
	}
	return strings.Join(words, " ")
}

// advice pairs what Nix says with what to do about it; the first match counts.
var advice = []struct {
	pattern *regexp.Regexp
	hint    string
}{
	{regexp.MustCompile(`experimental (Nix )?feature '[^']*' is disabled`),
		"add the feature that Nix names to `extra-experimental-features` in nix.conf, or pass it with `--extra-experimental-features`"},
	{regexp.MustCompile(`does not provide attribute`),
		"`nix flake show FLAKE` lists what the flake provides; put names that contain dots in double quotes"},
	{regexp.MustCompile(`daemon-socket/socket'?: Connection refused`),
		"the Nix daemon is not running: `sudo systemctl start nix-daemon`, on macOS `sudo launchctl kickstart -k system/org.nixos.nix-daemon`"},
	{regexp.MustCompile(`(?i)/nix/(store|var)\S*: Permission denied|you are not privileged`),
		"this user may not use the Nix store: start the Nix daemon, join its group (`nix-users` on Debian), or become a trusted user"},
	{regexp.MustCompile(`group '[^']*' specified in 'build-users-group'`),
		"create the group and its users as the Nix manual says, or set `build-users-group =` in nix.conf for builds as root alone"},
	{regexp.MustCompile(`unlocked flake reference|is not locked|not allowed in pure (evaluation )?mode|is forbidden in (pure|restricted)`),
		"name a locked reference (with `rev=` or `narHash=`), or pass --impure"},
	{regexp.MustCompile(`requires lock file changes|cannot write modified lock file|cannot update unlocked`),
		"run `nix flake lock` in the flake and commit flake.lock"},
	{regexp.MustCompile(`is not tracked by [Gg]it|/nix/store/[a-z0-9]+-source/[^']*': No such file or directory`),
		"flakes in a git repository see tracked files only: `git add` the missing file"},
	{regexp.MustCompile(`(?i)could(n't| not) resolve host`),
		"this machine has no network or no DNS, and the flake or one of its inputs is not in the Nix store yet"},
	{regexp.MustCompile(`(?i)no space left on device`),
		"free some space: `nix-collect-garbage` removes what nothing uses any more"},
}

// Hint is advice for the failures that have a well-known way out; "" for all others.
func (e *Error) Hint() string {
	if errors.Is(e.Err, exec.ErrNotFound) || errors.Is(e.Err, fs.ErrNotExist) {
		return "install Nix: `apt install nix-bin` on Debian and Ubuntu, or see https://nixos.org/download"
	}
	if errors.Is(e.Err, context.Canceled) {
		return ""
	}
	text := strings.Join(strings.Fields(stripANSI(e.Stderr)), " ")
	for _, a := range advice {
		if a.pattern.MatchString(text) {
			return a.hint
		}
	}
	return ""
}

// says tells whether err comes from a nix whose error message matches.
func says(err error, pattern *regexp.Regexp) bool {
	var e *Error
	return errors.As(err, &e) && pattern.MatchString(e.Message())
}
