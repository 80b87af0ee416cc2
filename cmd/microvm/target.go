package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"microvm/flake"
	"microvm/runner"
)

// specInRunner is where a runner has its spec.
const specInRunner = "share/microvm/spec.json"

// target is what the user named: a spec, a runner or a guest of a flake.
type target struct {
	// spec is set if a file says it; otherwise guest is.
	spec  *runner.Spec
	guest *guest
}

// findTarget reads a spec or a runner, or looks a guest up in its flake. It
// builds nothing.
func (a *app) findTarget(ctx context.Context, o *options) (*target, error) {
	if path, ok, err := specFile(o.target); err != nil {
		return nil, err
	} else if ok {
		s, err := runner.ReadSpec(path)
		return &target{spec: s}, err
	}
	g, err := a.findGuest(ctx, o)
	return &target{guest: g}, err
}

// readSpec is the target's spec: of the built runner, so that its files exist,
// or as evaluated.
func (a *app) readSpec(ctx context.Context, t *target, o *options, build bool) (*runner.Spec, error) {
	switch {
	case t.spec != nil:
		return t.spec, nil
	case build:
		out, err := a.buildRunner(ctx, t.guest, o, flake.BuildOptions{OutLink: t.guest.root()})
		if err != nil {
			return nil, err
		}
		return readRunner(out)
	}
	return a.evalSpec(ctx, t.guest, o)
}

// specFile tells whether the target is a spec.json or a runner's directory, not
// a flake.
func specFile(name string) (path string, ok bool, err error) {
	if strings.Contains(name, "#") {
		return "", false, nil
	}
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if strings.HasSuffix(name, ".json") || strings.HasPrefix(name, "/") {
			return "", false, fmt.Errorf("%q does not exist", name)
		}
		return "", false, nil
	case err != nil:
		return "", false, nil
	case !st.IsDir():
		return name, true, nil
	}
	path = filepath.Join(name, specInRunner)
	if _, err := os.Stat(path); err == nil {
		return path, true, nil
	}
	if _, err := os.Stat(filepath.Join(name, "bin", "microvm-run")); err == nil {
		return "", false, &foreignError{name}
	}
	return "", false, nil
}

// foreignError is a runner of microvm.nix.
type foreignError struct{ path string }

func (e *foreignError) Error() string {
	return fmt.Sprintf("%q is a runner of microvm.nix: it has no %s", e.path, specInRunner)
}

// Hint is how it runs today.
func (e *foreignError) Hint() string {
	return fmt.Sprintf("run %s, or build the guest with this flake's module", filepath.Join(e.path, "bin", "microvm-run"))
}
