// Package darwin holds what is true only on macOS: the backend for vfkit, and
// what doctor checks of a Mac.
package darwin

import (
	"cmp"
	"errors"
	"fmt"

	"microvm/runner"
)

// Vfkit is the backend for vfkit, which runs guests by Apple's Virtualization
// framework. Flags and replies are those of vfkit 0.6.
type Vfkit struct{}

var (
	_ runner.Checker    = Vfkit{}
	_ runner.Preparer   = Vfkit{}
	_ runner.Shutdowner = Vfkit{}
	_ runner.Pauser     = Vfkit{}
	_ runner.Informer   = Vfkit{}
)

// Caps is what vfkit can do. Its balloon has no control, its virtiofs no
// read-only mode, and its NAT forwards no ports.
func (Vfkit) Caps() runner.Caps {
	return runner.Caps{
		Name:    "vfkit",
		Program: "vfkit",
		Newest:  runner.Version{Major: 0, Minor: 6, Patch: 4},
		HostOS:  []string{"darwin"},
		Accels:  []string{"hvf"},
		Features: []runner.Feature{
			runner.FeatureBalloon, runner.FeatureDiskSerial, runner.FeatureVirtiofs,
			runner.FeatureUserNet, runner.FeatureVsock, runner.FeatureGraphics,
			runner.FeatureRosetta,
		},
		OwnVirtiofs: true,
		Terminal:    true,
	}
}

// The versions in which vfkit learned what the backend uses.
var (
	oldestVersion  = runner.Version{Major: 0, Minor: 6, Patch: 0}
	balloonVersion = runner.Version{Major: 0, Minor: 6, Patch: 1}
	deviceVersion  = runner.Version{Major: 0, Minor: 6, Patch: 2}
)

// Check refuses what depends on the version and the host, and what vfkit's
// syntax cannot express.
func (Vfkit) Check(s *runner.Spec, f runner.Facts) []error {
	// Relative paths are not known yet; Command looks at them again.
	c := newCommand(s, runner.Runtime{Facts: f, Dir: "/"})
	c.refuse(c.olderThan(oldestVersion), "vfkit: version %s is too old, %s is the oldest that works", c.version, oldestVersion)
	c.refuse(s.Balloon && c.olderThan(balloonVersion), "balloon: vfkit %s has none, %s is the first that does", c.version, balloonVersion)
	onMac := f.OS() == "darwin"
	c.refuse(onMac && runner.Arch(f.System) != runner.Arch(s.System),
		"system: vfkit runs only guests of the host's architecture: the guest is %s, the host %s", s.System, f.System)
	c.refuse(onMac && runner.Arch(f.System) != "aarch64" && s.Vfkit.Rosetta.Enable,
		"vfkit.rosetta.enable: Rosetta needs Apple silicon, and this host is %s", f.System)
	c.refuse(s.Boot.Initrd == "", "boot.initrd: is missing, and vfkit starts no kernel without one")
	for i, sh := range s.Shares {
		c.refuse(s.Vfkit.Rosetta.Enable && sh.Tag == rosettaTag, "shares[%d].tag: %q is taken by vfkit.rosetta", i, sh.Tag)
	}
	return c.problems
}

// Command is vfkit's command line: the machine, what it boots, its devices, its
// control socket, and last what the user added.
func (Vfkit) Command(s *runner.Spec, rt runner.Runtime) (runner.Command, error) {
	c := newCommand(s, rt)
	cmd := runner.Command{Path: rt.Tools["vfkit"].Path, Args: c.args, Notes: c.notes}
	if s.PrettyProcnames {
		cmd.Argv0 = "microvm@" + s.Name
	}
	return cmd, errors.Join(c.problems...)
}

// Resources are the kernel's format, which only Apple silicon minds, and the
// socket of the guest's sshd.
func (Vfkit) Resources(s *runner.Spec, rt runner.Runtime) ([]runner.Resource, error) {
	var r []runner.Resource
	if runner.Arch(s.System) == "aarch64" {
		r = append(r, newKernel(rt.Path(s.Boot.Kernel)))
	}
	if s.Vsock.CID != nil && s.Vsock.SSH.Enable {
		r = append(r, &runner.Socket{Header: runner.Header{Kind: "socket"}, Path: rt.Path(sshSocket(s))})
	}
	return r, nil
}

// vfkitCommand collects the arguments, and everything that is wrong with them.
type vfkitCommand struct {
	s        *runner.Spec
	rt       runner.Runtime
	version  runner.Version
	args     []string
	notes    []string
	problems []error
}

func newCommand(s *runner.Spec, rt runner.Runtime) *vfkitCommand {
	c := &vfkitCommand{s: s, rt: rt, version: rt.Tools["vfkit"].Version}
	c.machine()
	c.boot()
	c.console()
	c.basics()
	c.disks()
	c.shares()
	c.network()
	c.vsock()
	c.graphics()
	c.control()
	c.add(s.Vfkit.ExtraArgs...)
	return c
}

func (c *vfkitCommand) add(args ...string) { c.args = append(c.args, args...) }

func (c *vfkitCommand) note(when bool, format string, args ...any) {
	if when {
		c.notes = append(c.notes, fmt.Sprintf(format, args...))
	}
}

func (c *vfkitCommand) refuse(when bool, format string, args ...any) {
	if when {
		c.problems = append(c.problems, fmt.Errorf(format, args...))
	}
}

// olderThan is false for a version that is not known.
func (c *vfkitCommand) olderThan(v runner.Version) bool {
	return c.version != (runner.Version{}) && cmp.Or(
		cmp.Compare(c.version.Major, v.Major),
		cmp.Compare(c.version.Minor, v.Minor),
		cmp.Compare(c.version.Patch, v.Patch)) < 0
}
