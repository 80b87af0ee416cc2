package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"microvm/flake"
	"microvm/runner"
)

// chooseTools decides where the host's programs come from, and returns those
// that are not looked up in $PATH.
func (a *app) chooseTools(ctx context.Context, s *runner.Spec, b runner.Backend, o *options) (map[string]string, error) {
	where := o.hostTools
	if where == "" {
		where = defaultTools(s)
	}
	switch where {
	case "guest":
		if len(s.Tools) == 0 {
			return nil, &usageError{
				fmt.Errorf("--host-tools guest: the spec of %q names no tools", s.Name),
				"use --host-tools path, or nixpkgs",
			}
		}
		return s.Tools, nil
	case "nixpkgs":
		return a.nixpkgsTools(ctx, s, b, o)
	}
	return nil, nil
}

// defaultTools is nixpkgs for NixOS guests, and $PATH where a spec leaves it open.
func defaultTools(s *runner.Spec) string {
	switch {
	case s.Boot.Toplevel != "":
		return "nixpkgs"
	case len(s.Tools) > 0:
		return "guest"
	}
	return "path"
}

// nixpkgsTools builds what the VM needs from the host's nixpkgs.
func (a *app) nixpkgsTools(ctx context.Context, s *runner.Spec, b runner.Backend, o *options) (map[string]string, error) {
	ref, err := parseHere(o.hostNixpkgs)
	if err != nil {
		return nil, fmt.Errorf("--host-nixpkgs: %w", err)
	}
	tools := map[string]string{}
	for _, name := range s.ToolNames(b) {
		attr := runner.NixPackage(name, s.System, runner.HostSystem())
		installable, err := ref.Installable(attr)
		if err != nil {
			return nil, err
		}
		outputs, err := o.nix.Build(ctx, installable, flake.BuildOptions{})
		if err != nil {
			return nil, fmt.Errorf("%s for the host: %w", name, err)
		}
		if tools[name], err = programIn(outputs, runner.Program(b, name, s.System)); err != nil {
			return nil, err
		}
	}
	return tools, nil
}

// programIn finds a program in a package's outputs.
func programIn(outputs []string, program string) (string, error) {
	for _, out := range outputs {
		for _, dir := range []string{"bin", "sbin", "libexec"} {
			path := filepath.Join(out, dir, program)
			if _, err := os.Stat(path); err == nil {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("no %s in %v", program, outputs)
}
