package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"microvm/runner"
)

func (a *app) specCommand() *cli.Command {
	return &cli.Command{
		Name:      "spec",
		Usage:     "print a guest's spec, with all defaults and what the host overrides",
		ArgsUsage: targetUsage,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "schema", Usage: "print the JSON Schema of specs"},
			&cli.StringFlag{Name: "check", Usage: "only validate the spec in `FILE`, for every rule that needs no host"},
			&cli.StringFlag{Name: "install", Usage: "with --check, write a runner of the spec to `DIRECTORY`"},
		}, append(hostFlags(), nixFlags()...)...),
		Action: func(c *cli.Context) error {
			switch {
			case c.Bool("schema"):
				_, err := io.WriteString(a.stdout, runner.Schema())
				return err
			case c.IsSet("check"):
				return a.checkSpec(c.String("check"), c.String("install"))
			}
			return a.printSpec(c)
		},
	}
}

func (a *app) printSpec(c *cli.Context) error {
	o, err := a.options(c)
	if err != nil {
		return err
	}
	t, err := a.findTarget(c.Context, o)
	if err != nil {
		return err
	}
	s, err := a.readSpec(c.Context, t, o, false)
	if err != nil {
		return err
	}
	s, notes := o.overrides.Apply(s)
	for _, n := range notes {
		a.say("%s", n)
	}
	if err := s.Validate(); err != nil {
		return err
	}
	return s.Write(a.stdout)
}

// checkSpec is what the Nix side calls when it builds a runner.
func (a *app) checkSpec(file, install string) error {
	s, err := runner.ReadSpec(file)
	if err != nil {
		return err
	}
	b, err := runner.Lookup(a.backends, s.Hypervisor)
	if err != nil {
		return err
	}
	if err := runner.Check(s, b, a.backends, runner.Facts{}); err != nil {
		return fmt.Errorf("%s:\n%w", file, err)
	}
	for _, w := range s.Warnings() {
		a.say("%s: %s", s.Name, w)
	}
	if install == "" {
		return nil
	}
	dir, err := filepath.Abs(install)
	if err != nil {
		return err
	}
	return runner.Install(file, s, dir, programInRunner())
}

// programInRunner is how a runner calls this program: one that Nix built is there
// as long as the runner is, another may be replaced.
func programInRunner() string {
	if self, err := os.Executable(); err == nil && strings.HasPrefix(self, "/nix/store/") {
		return self
	}
	return "microvm"
}
