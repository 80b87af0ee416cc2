package flake

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// stderrs are what versions of nix print, and what is to be shown of it.
var stderrs = []struct{ name, stderr, want string }{
	{"nothing", "", ""},
	{"no error", "warning: Git tree '/x' is dirty\nbuilding '/nix/store/x.drv'...\n", ""},
	{"one line", "error: 'config' is not a recognised command\nTry 'nix --help' for more information.\n", "'config' is not a recognised command"},
	{"2.8 position", `error: attribute 'zzz' missing

       at /nix/store/x-source/flake.nix:1:53:

            1| { outputs = _: { v = { a = 1; }; }; }
             |                                                     ^
            2|   error: not this
(use '--show-trace' to show detailed location information)
`, "attribute 'zzz' missing (at /nix/store/x-source/flake.nix:1:53)"},
	{"2.8 trace", `error: no such thing

       at «string»:1:18:

            1| x
             | ^

       … while evaluating the attribute 'a'

       at /nix/store/x/y.nix:3:4:
`, "no such thing (at «string»:1:18)"},
	{"2.8 suggestions", `error: flake 'path:/x' does not provide attribute 'packages.x86_64-linux.zz', 'legacyPackages.x86_64-linux.zz' or 'zz'
       Did you mean one of d or v?
`, "flake 'path:/x' does not provide attribute 'packages.x86_64-linux.zz', 'legacyPackages.x86_64-linux.zz' or 'zz'\nDid you mean one of d or v?"},
	{"2.8 builder", `building '/nix/store/x-bad.drv'...
error: builder for '/nix/store/x-bad.drv' failed with exit code 3;
       last 1 log lines:
       > hello
       For full logs, run 'nix log /nix/store/x-bad.drv'.
error: 1 dependencies of derivation '/nix/store/y-top.drv' failed to build
`, "builder for '/nix/store/x-bad.drv' failed with exit code 3;\nlast 1 log lines:\n> hello\nFor full logs, run 'nix log /nix/store/x-bad.drv'."},
	{"only collateral", "error: 1 dependencies of derivation '/nix/store/y.drv' failed to build\n",
		"1 dependencies of derivation '/nix/store/y.drv' failed to build"},
	{"2.19 trace", `error:
       … while calling the 'derivationStrict' builtin
         at <nix/derivation-internal.nix>:34:12:
           33|
           34|   strict = derivationStrict drvAttrs;
             |            ^
       … while evaluating the attribute 'x'

       error: attribute 'zzz' missing
       at /nix/store/x-source/flake.nix:1:53:
            1| { }
             | ^
       Did you mean zz?
`, "attribute 'zzz' missing (at /nix/store/x-source/flake.nix:1:53)\nDid you mean zz?"},
	{"2.26 assertions", `error:
       … while evaluating the option 'system.build.toplevel':

       error:
       Failed assertions:
       - The fileSystems option does not specify your root file system.
       - You must set boot.loader.grub.devices.
`, "Failed assertions:\n- The fileSystems option does not specify your root file system.\n- You must set boot.loader.grub.devices."},
	{"2.30 collateral", `error: Cannot build '/nix/store/x-bad.drv'.
       Reason: builder failed with exit code 1.
error: Cannot build '/nix/store/y.drv'.
       Reason: 1 dependency failed.
       Output paths:
         /nix/store/z
`, "Cannot build '/nix/store/x-bad.drv'.\nReason: builder failed with exit code 1."},
	{"2.34 builds failed", "error: Cannot build '/nix/store/x.drv'.\n       Reason: platform mismatch\n       Required system: 'aarch64-linux'\nerror: Build failed due to failed dependency\n",
		"Cannot build '/nix/store/x.drv'.\nReason: platform mismatch\nRequired system: 'aarch64-linux'"},
	{"colours and a progress bar", "\r\x1b[K[1/0/2 built] x\r\x1b[K\x1b[31;1merror:\x1b[0m no \x1b[35;1m'a'\x1b[0m\r\n", "no 'a'"},
	{"terminal tricks", "error: a\x1b]0;title\x07b\x1b[2Jc\x08\x00\u009bd\n", "abcd"},
	{"excerpt look-alikes", "error: list:\n       1| one\n       | two\n", "list:\n1| one\n| two"},
}

func TestLastError(t *testing.T) {
	for _, c := range stderrs {
		t.Run(c.name, func(t *testing.T) {
			if got := lastError(c.stderr); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func FuzzLastError(f *testing.F) {
	for _, c := range stderrs {
		f.Add(c.stderr)
	}
	f.Fuzz(func(t *testing.T, stderr string) {
		message := lastError(stderr)
		if strings.ContainsAny(message, "\x00\x07\x08\x1b\r") {
			t.Fatalf("control characters in %q", message)
		}
		if strings.Count(message, "\n") > maxMessageLines {
			t.Fatalf("%d lines", strings.Count(message, "\n"))
		}
	})
}

func TestErrorText(t *testing.T) {
	exit := &exec.ExitError{}
	for _, c := range []struct {
		err  Error
		want string
	}{
		{Error{Args: []string{"nix", "eval", "--json", "--", "path:/x#a.b"}, ExitCode: 1, Err: exit, Stderr: "error: one\n       two\n"},
			"nix eval path:/x#a.b failed with exit code 1: one\n  two"},
		{Error{Args: []string{"nix", "config", "show", "--json"}, ExitCode: 1, Err: exit}, "nix config show failed with exit code 1"},
		{Error{Args: []string{"nix", "eval", "--expr", "1"}, ExitCode: 1, Err: exit, Stderr: "error: x\n"}, "nix eval failed with exit code 1: x"},
		{Error{Args: []string{"nix"}, ExitCode: -1, Err: exec.ErrNotFound}, "nix: executable file not found in $PATH"},
		{Error{Args: []string{"nix", "build", "--", ".#x"}, ExitCode: 1, Err: context.Canceled, Stderr: "error: interrupted by the user\n"},
			"nix build .#x: context canceled: interrupted by the user"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
		if !errors.Is(&c.err, c.err.Err) {
			t.Errorf("%v does not unwrap", &c.err)
		}
	}
}

func TestErrorHint(t *testing.T) {
	for _, c := range []struct {
		stderr string
		err    error
		hint   string
	}{
		{"", exec.ErrNotFound, "install Nix"},
		{"error: x\n", nil, ""},
		{"error: experimental Nix feature 'nix-command' is disabled; use '--extra-experimental-features nix-command' to override\n", nil, "extra-experimental-features"},
		{"\x1b[31;1merror:\x1b[0m experimental Nix feature '\x1b[35;1mexternal-builders\x1b[0m' is\n       disabled\n", nil, "extra-experimental-features"},
		{"error: flake 'path:/x' does not provide attribute 'packages.x86_64-linux.a'\n", nil, "nix flake show"},
		{"error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Connection refused\n", nil, "start nix-daemon"},
		{"error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Permission denied\n", nil, "nix-users"},
		{"error: creating directory '/nix/store/x': Permission denied\n", nil, "nix-users"},
		{"error: the group 'nixbld' specified in 'build-users-group' does not exist\n", nil, "build-users-group ="},
		{"error: cannot call 'getFlake' on unlocked flake reference '/x', at (string):1:1 (use --impure to override)\n", nil, "narHash="},
		{"error: Path 'flake.nix' in the repository \"/x\" is not tracked by Git.\n", nil, "git add"},
		{"error: unable to download 'https://x': Couldn't resolve host name (6)\n", nil, "no network"},
		{"error: writing to file: No space left on device\n", nil, "nix-collect-garbage"},
		{"error: flake 'x' does not provide attribute 'y'\n", context.Canceled, ""},
	} {
		e := &Error{Args: []string{"nix"}, Stderr: c.stderr, Err: c.err}
		if got := e.Hint(); (got == "") != (c.hint == "") || !strings.Contains(got, c.hint) {
			t.Errorf("%q: hint %q, want one with %q", c.stderr, got, c.hint)
		}
	}
}
