// Package builders finds out where derivations of a system can be built.
package builders

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"microvm/flake"
)

// Error is a system that nothing here can build.
type Error struct {
	// System is what has to be built, such as "aarch64-linux".
	System string
	// Looked says what was looked at, and what it can build.
	Looked []string
}

func (e *Error) Error() string {
	return fmt.Sprintf("nothing here can build for %s; looked at:\n  %s", e.System, strings.Join(e.Looked, "\n  "))
}

// Hint is the shortest way to a builder.
func (e *Error) Hint() string {
	if runtime.GOOS == "darwin" {
		return "start a Linux builder: `nix run nixpkgs#darwin.linux-builder`, nix-darwin's nix.linux-builder.enable, " +
			"or a remote machine in /etc/nix/machines"
	}
	return fmt.Sprintf("add a machine that builds %s to /etc/nix/machines, or, with qemu-user in binfmt_misc, "+
		"`extra-platforms = %s` to nix.conf", e.System, e.System)
}

// Check returns an *Error if neither this machine nor a configured one builds
// for the system. It asks no machine whether it answers.
func Check(c flake.Config, system string) error {
	here := append([]string{c.System}, c.ExtraPlatforms...)
	if slices.Contains(here, system) && c.MaxJobs > 0 {
		return nil
	}
	looked := []string{fmt.Sprintf("this machine: builds %s, max-jobs %d", strings.Join(here, ", "), c.MaxJobs)}
	machines, err := parseMachines(c.Builders, c.System, os.ReadFile)
	if err != nil {
		return err
	}
	for _, m := range machines {
		if slices.Contains(m.systems, system) {
			return nil
		}
		looked = append(looked, fmt.Sprintf("builder %s: builds %s", m.uri, strings.Join(m.systems, ", ")))
	}
	for _, b := range c.ExternalBuilders {
		if slices.Contains(b.Systems, system) {
			return nil
		}
		looked = append(looked, fmt.Sprintf("external builder %s: builds %s", b.Program, strings.Join(b.Systems, ", ")))
	}
	if len(machines) == 0 {
		looked = append(looked, fmt.Sprintf("the setting builders = %q: names no machine", c.Builders))
	}
	return &Error{system, looked}
}

// machine is a remote builder of the setting `builders`.
type machine struct {
	uri     string
	systems []string
}

// parseMachines reads the grammar of `builders`: entries end with a newline or
// a semicolon, # begins a comment, @FILE includes a file, which may be missing.
func parseMachines(text, defaultSystem string, read func(string) ([]byte, error)) ([]machine, error) {
	var all []machine
	for line := range strings.SplitSeq(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		for entry := range strings.SplitSeq(line, ";") {
			fields := strings.Fields(entry)
			switch {
			case len(fields) == 0:
			case strings.HasPrefix(fields[0], "@"):
				included, err := includeMachines(fields[0][1:], defaultSystem, read)
				if err != nil {
					return nil, err
				}
				all = append(all, included...)
			default:
				m := machine{uri: fields[0], systems: []string{defaultSystem}}
				if len(fields) > 1 && fields[1] != "-" {
					m.systems = strings.Split(fields[1], ",")
				}
				all = append(all, m)
			}
		}
	}
	return all, nil
}

func includeMachines(path, defaultSystem string, read func(string) ([]byte, error)) ([]machine, error) {
	b, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("builders: %w", err)
	}
	// A file that includes itself would never end.
	once := func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	return parseMachines(string(b), defaultSystem, once)
}
