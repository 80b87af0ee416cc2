package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// booted counts the guests that said hello in these tests.
var booted atomic.Int64

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") && filepath.Base(os.Args[0]) != "microvm" {
		// Started by microvm as its own helper, a test binary would run all tests.
		fmt.Fprintf(os.Stderr, "this is not microvm but its tests; unexpected argument %q\n", os.Args[1])
		os.Exit(2)
	}
	testscript.Main(counting{m}, map[string]func(){"microvm": main})
}

// counting says at the end how many guests the tests booted for real.
type counting struct{ m *testing.M }

func (c counting) Run() int {
	code := c.m.Run()
	fmt.Printf("real guests booted: %d\n", booted.Load())
	return code
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testscripts",
		Setup:               setup,
		Condition:           condition,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"use":      use,
			"expand":   expand,
			"flake":    makeFlake,
			"booted":   countBooted,
			"waitfile": waitFile,
			"waitproc": waitProcess,
			"killproc": killProcess,
			"exits":    exits,
			"listen":   listen,
			"believe":  believeKVM,
			"fields":   jsonFields,
		},
	})
}

// setup gives each script a home of its own and a $PATH of its own tools: those
// in $WORK/bin, then microvm itself.
func setup(e *testscript.Env) error {
	bin := filepath.Join(e.WorkDir, "bin")
	for _, dir := range []string{"bin", "home", "run", "vm"} {
		if err := os.MkdirAll(filepath.Join(e.WorkDir, dir), 0o700); err != nil {
			return err
		}
	}
	own := strings.Split(e.Getenv("PATH"), string(filepath.ListSeparator))[0]
	e.Setenv("PATH", bin+string(filepath.ListSeparator)+own)
	e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
	e.Setenv("XDG_RUNTIME_DIR", filepath.Join(e.WorkDir, "run"))
	e.Setenv("NIX_CONFIG", nixConfig())
	repo, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	e.Setenv("REPO", "path:"+repo)
	if _, err := os.Stat(filepath.Join(repo, ".git")); err == nil {
		// Nix then copies what git knows, not what was built.
		e.Setenv("REPO", "git+file://"+repo)
	}
	e.Setenv("KERNEL", testKernel())
	e.Setenv("BZIMAGE", filepath.Join(os.Getenv("MICROVM_TEST_KERNEL_DIR"), "vmlinuz"))
	e.Setenv("INITRD", os.Getenv("MICROVM_TEST_INITRD"))
	return nil
}

// nixConfig lets root build without a daemon, build users and a network, unless
// the environment, such as the Makefile's, says otherwise.
func nixConfig() string {
	_, err := os.Stat("/nix/var/nix/daemon-socket/socket")
	if c := os.Getenv("NIX_CONFIG"); c != "" || err == nil {
		return c
	}
	return "build-users-group =\nsandbox = false\nsubstituters ="
}

// testKernel is the guest's kernel; an unpacked one spares emulation seconds.
func testKernel() string {
	dir := os.Getenv("MICROVM_TEST_KERNEL_DIR")
	for _, name := range []string{"vmlinux", "vmlinuz"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); dir != "" && err == nil {
			return path
		}
	}
	return ""
}

// whyNoGuests is why real guests cannot be booted; empty if they can.
func whyNoGuests() string {
	if testKernel() == "" {
		return "no kernel in $MICROVM_TEST_KERNEL_DIR; `make test` sets it"
	}
	if _, err := os.Stat(os.Getenv("MICROVM_TEST_INITRD")); err != nil {
		return "no initrd at $MICROVM_TEST_INITRD; `make test` sets it"
	}
	return ""
}

// condition answers [guests], [pvm], [root] and [tool:NAME].
func condition(name string) (bool, error) {
	if tool, ok := strings.CutPrefix(name, "tool:"); ok {
		return hostTool(tool) != "", nil
	}
	switch name {
	case "guests":
		return whyNoGuests() == "", nil
	case "root":
		return os.Getuid() == 0, nil
	case "pvm":
		_, err := os.Stat("/sys/module/kvm_pvm")
		return err == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}
