package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"github.com/creack/pty"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"microvm/flake"
	"microvm/runner"
)

// hostNixpkgs is where --host-tools nixpkgs looks: the revision in flake.lock, so
// that binaries and flake agree.
const hostNixpkgs = "github:NixOS/nixpkgs/643809054d65fdd466a63e3155b8c498cb483c04"

// options are what a command line asks for, parsed.
type options struct {
	target      string
	overrides   runner.Overrides
	hostTools   string
	hostNixpkgs string
	dir         string
	ephemeral   bool
	verbose     bool
	host        runner.HostOptions
	nix         *flake.CLI
}

func (a *app) options(c *cli.Context) (*options, error) {
	if err := wantArgs(c, 1); err != nil {
		return nil, err
	}
	o := &options{
		target: c.Args().First(), hostTools: c.String("host-tools"), hostNixpkgs: c.String("host-nixpkgs"),
		ephemeral: c.Bool("ephemeral"), verbose: c.Bool("verbose"),
	}
	if o.target == "" {
		o.target = "."
	}
	var err error
	if o.overrides, err = overrides(c); err != nil {
		return nil, err
	}
	switch o.hostTools {
	case "", "nixpkgs", "guest", "path":
	default:
		return nil, &usageError{fmt.Errorf("--host-tools %q is neither nixpkgs, guest nor path", o.hostTools), ""}
	}
	accel := cmp.Or(c.String("accel"), "auto")
	switch accel {
	case "auto", "kvm", "hvf", "tcg":
	default:
		return nil, &usageError{fmt.Errorf("--accel %q is neither auto, kvm, hvf nor tcg", accel), ""}
	}
	if o.dir, err = filepath.Abs(c.String("dir")); err != nil {
		return nil, fmt.Errorf("--dir: %w", err)
	}
	if o.host, err = hostOptions(accel); err != nil {
		return nil, err
	}
	o.nix = a.nix(nixArgs(c)...)
	return o, nil
}

// nix is the client; on a terminal it gets one too, for its progress.
func (a *app) nix(args ...string) *flake.CLI {
	nix := &flake.CLI{Args: args, Stderr: a.stderr, Log: a.log}
	if f, ok := a.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		nix.Terminal = func() (ptm, tty *os.File, err error) {
			if ptm, tty, err = pty.Open(); err == nil {
				// Without a size Nix assumes 80 columns.
				_ = pty.InheritSize(f, ptm)
			}
			return ptm, tty, err
		}
	}
	return nix
}

// hostOptions say how the host is looked at.
func hostOptions(accel string) (runner.HostOptions, error) {
	self, err := os.Executable()
	if err != nil {
		return runner.HostOptions{}, fmt.Errorf("find this program's own file: %w", err)
	}
	cache, err := cacheDir()
	if err != nil {
		return runner.HostOptions{}, err
	}
	return runner.HostOptions{Accel: accel, Self: self, CacheDir: cache, ProbeArgs: []string{probeCommandName}}, nil
}

// cacheDir is for what can be found out again.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache directory: %w", err)
	}
	return filepath.Join(dir, "microvm"), nil
}

// runtimeDir is for locks and roots of running VMs.
func runtimeDir() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "microvm")
	}
	if os.Getuid() == 0 {
		return "/run/microvm"
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("microvm-%d", os.Getuid()))
}
