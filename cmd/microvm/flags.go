package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"microvm/runner"
)

// The flags of Nix that take two values, joined by a byte no argument can hold
// a meaning for.
var pairFlags = []string{"override-input", "option"}

const pairSeparator = "\x1f"

const (
	categoryHost = "What the host decides"
	categoryNix  = "Passed to Nix"
)

// nixFlags are passed to every nix process that evaluates or builds.
func nixFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "override-input", Category: categoryNix, Usage: "use another flake for an input; takes `INPUT FLAKE`"},
		&cli.StringSliceFlag{Name: "option", Category: categoryNix, Usage: "set a setting of Nix; takes `NAME VALUE`"},
		&cli.BoolFlag{Name: "impure", Category: categoryNix, Usage: "allow impure evaluation"},
		&cli.BoolFlag{Name: "refresh", Category: categoryNix, Usage: "look for new versions of remote flakes"},
		&cli.BoolFlag{Name: "offline", Category: categoryNix, Usage: "use no network"},
		&cli.BoolFlag{Name: "no-write-lock-file", Category: categoryNix, Usage: "do not write flake.lock"},
		&cli.BoolFlag{Name: "accept-flake-config", Category: categoryNix, Usage: "accept the flake's settings of Nix"},
		&cli.BoolFlag{Name: "show-trace", Category: categoryNix, Usage: "show where evaluation failed"},
		&cli.BoolFlag{Name: "print-build-logs", Aliases: []string{"L"}, Category: categoryNix, Usage: "show the output of builders"},
	}
}

// nixArgs are the arguments that nixFlags stand for.
func nixArgs(c *cli.Context) []string {
	var args []string
	for _, name := range pairFlags {
		for _, pair := range c.StringSlice(name) {
			args = append(append(args, "--"+name), strings.Split(pair, pairSeparator)...)
		}
	}
	for _, name := range []string{
		"impure", "refresh", "offline", "no-write-lock-file", "accept-flake-config", "show-trace", "print-build-logs",
	} {
		if c.Bool(name) {
			args = append(args, "--"+name)
		}
	}
	return args
}

// hostFlags override what the guest's configuration says.
func hostFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "hypervisor", Category: categoryHost, Usage: "run under `NAME`: qemu"},
		&cli.StringFlag{Name: "mem", Category: categoryHost, Usage: "give the guest `SIZE` of RAM: 512 (MiB), 2G"},
		&cli.IntFlag{Name: "vcpu", Category: categoryHost, Usage: "give the guest `N` virtual CPUs"},
		&cli.StringSliceFlag{Name: "publish", Category: categoryHost, Aliases: []string{"p"}, Usage: "forward a port: `[ADDR:]HOST:GUEST[/udp]`"},
		&cli.StringSliceFlag{Name: "volume", Category: categoryHost, Usage: "add a disk: `IMAGE[:SIZE][:ro]`; with a size it is created"},
		&cli.StringSliceFlag{Name: "share", Category: categoryHost, Usage: "mount a directory of the host: `SOURCE:MOUNTPOINT[:ro]`; needs systemd 254 in the guest"},
		&cli.StringSliceFlag{Name: "kernel-param", Category: categoryHost, Usage: "append `PARAM` to the kernel's command line"},
		&cli.StringFlag{Name: "host-tools", Category: categoryHost, EnvVars: []string{"MICROVM_HOST_TOOLS"}, Usage: "take hypervisor, virtiofsd and mkfs from `WHERE`: nixpkgs, guest, path"},
		&cli.StringFlag{Name: "host-nixpkgs", Category: categoryHost, Value: hostNixpkgs, Usage: "the `FLAKE` for --host-tools nixpkgs"},
		&cli.StringFlag{Name: "accel", Category: categoryHost, Value: "auto", Usage: "`KIND` of acceleration: auto, kvm, hvf, tcg"},
		&cli.BoolFlag{Name: "ephemeral", Category: categoryHost, Usage: "discard what the guest writes to its volumes"},
		&cli.StringFlag{Name: "dir", Category: categoryHost, Usage: "the VM's `DIRECTORY`, for its sockets and images", DefaultText: "the current one"},
	}
}

// overrides reads hostFlags; all mistakes are reported at once.
func overrides(c *cli.Context) (runner.Overrides, error) {
	o := runner.Overrides{
		Hypervisor:   c.String("hypervisor"),
		VCPU:         c.Int("vcpu"),
		KernelParams: c.StringSlice("kernel-param"),
	}
	var problems []error
	if c.IsSet("vcpu") && o.VCPU < 1 {
		problems = append(problems, fmt.Errorf("--vcpu %d: a guest needs at least 1", o.VCPU))
	}
	if c.IsSet("mem") {
		var err error
		if o.Mem, err = runner.ParseMiB(c.String("mem")); err != nil {
			problems = append(problems, fmt.Errorf("--mem: %w", err))
		}
	}
	var errs [3]error
	o.Publish, errs[0] = parseAll(c.StringSlice("publish"), runner.ParsePublish)
	o.Volumes, errs[1] = parseAll(c.StringSlice("volume"), runner.ParseVolume)
	o.Shares, errs[2] = parseAll(c.StringSlice("share"), runner.ParseShare)
	for i := range o.Volumes {
		problems = append(problems, fromHere(&o.Volumes[i].Image))
	}
	for i := range o.Shares {
		problems = append(problems, fromHere(&o.Shares[i].Source))
	}
	if err := errors.Join(append(problems, errs[:]...)...); err != nil {
		return o, &usageError{err: err, hint: strings.Join(hints(err), "; ")}
	}
	return o, nil
}

// fromHere makes a path absolute: on a command line it is relative to where the
// user is, in a spec to the VM's directory.
func fromHere(path *string) (err error) {
	if *path != "" {
		*path, err = filepath.Abs(*path)
	}
	return err
}

func parseAll[T any](texts []string, parse func(string) (T, error)) ([]T, error) {
	var all []T
	var problems []error
	for _, t := range texts {
		v, err := parse(t)
		all = append(all, v)
		problems = append(problems, err)
	}
	return all, errors.Join(problems...)
}
