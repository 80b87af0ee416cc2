package runner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
)

// Backend turns a spec into the command line of one hypervisor. It does no
// I/O and reads neither clock nor environment, so that a plan can be made, and
// tested, on any machine.
type Backend interface {
	// Caps is what the hypervisor can do.
	Caps() Caps
	// Command is the command line for a spec that passed Check.
	Command(s *Spec, rt Runtime) (Command, error)
}

// What only some backends can do is found by assertion.
type (
	// Checker has rules that a table of features cannot say.
	Checker interface {
		// Check reports what this hypervisor cannot do with this spec.
		Check(s *Spec, f Facts) []error
	}
	// Shutdowner asks the guest to power off through the control socket.
	Shutdowner interface {
		Shutdown(ctx context.Context, socket string) error
	}
	// Pauser stops and continues the guest's CPUs.
	Pauser interface {
		Pause(ctx context.Context, socket string) error
		Resume(ctx context.Context, socket string) error
	}
	// Informer tells what the guest does now.
	Informer interface {
		Info(ctx context.Context, socket string) (Info, error)
	}
	// Ballooner sets the guest's memory in MiB and returns what it now has.
	Ballooner interface {
		Balloon(ctx context.Context, socket string, mib int) (int, error)
	}
	// Helper needs processes of its own beside the hypervisor.
	Helper interface {
		Daemons(s *Spec, rt Runtime) ([]Daemon, error)
	}
	// Preparer needs resources of its own, such as a configuration file.
	Preparer interface {
		Resources(s *Spec, rt Runtime) ([]Resource, error)
	}
	// Exiter says by its exit code why the guest ended.
	Exiter interface {
		// ExitFate is FateUnknown for a code that means a failure.
		ExitFate(code int) Fate
	}
	// Controlled is a hypervisor that inherits a connected control socket, so
	// that its supervisor needs no path and leaves the VM's own socket free.
	Controlled interface {
		// Attach speaks the protocol's beginning and returns when the
		// hypervisor is up.
		Attach(ctx context.Context, conn net.Conn) (Control, error)
	}
)

// Info is what a hypervisor says of its guest.
type Info struct {
	// State is StateRunning, StatePaused or the hypervisor's own word.
	State string `json:"state"`
	// Mem is the memory that the guest has now, in MiB; 0 is unknown.
	Mem int `json:"mem,omitempty"`
}

// The states that every hypervisor has.
const (
	StateRunning = "running"
	StatePaused  = "paused"
)

// Control is a supervisor's own connection to its hypervisor.
type Control interface {
	// PowerButton asks the guest to power off.
	PowerButton(ctx context.Context) error
	// CtrlAltDel presses the keys, for a guest that knows no power button.
	CtrlAltDel(ctx context.Context) error
	// Balloon sets the guest's memory in MiB.
	Balloon(ctx context.Context, mib int) error
	// ProgramCounters is where each virtual CPU is.
	ProgramCounters(ctx context.Context) ([]uint64, error)
	// Fate returns once the hypervisor has said why it ends, or the
	// connection is gone.
	Fate() Fate
	// Close ends the connection, not the VM.
	Close() error
}

// Fate is why a VM ended.
type Fate string

// The fates that a hypervisor can tell apart.
const (
	// FateUnknown is a hypervisor that did not say.
	FateUnknown Fate = ""
	// FateShutdown is a guest that powered off.
	FateShutdown Fate = "guest-shutdown"
	// FateReset is a guest that asked for a reset.
	FateReset Fate = "guest-reset"
	// FatePanic is a guest whose kernel panicked.
	FatePanic Fate = "guest-panic"
	// FateBroken is a hypervisor that gave up: its accelerator failed.
	FateBroken Fate = "internal-error"
	// FateHost is a hypervisor that the host told to end.
	FateHost Fate = "host"
)

// Runtime is what a backend needs to know beyond the spec: where it will run.
type Runtime struct {
	Facts
	// Dir is what relative paths are relative to.
	Dir string
	// ControlFD is the inherited control socket; 0 is none.
	ControlFD int
	// FDs are the inherited queues of each macvtap interface, by its id.
	FDs map[string][]int
	// Ephemeral discards what the guest writes to its volumes.
	Ephemeral bool
}

// Path makes a path of the spec absolute.
func (rt Runtime) Path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(rt.Dir, name)
}

// Command is a program with its arguments.
type Command struct {
	// Path is the program's file.
	Path string `json:"path"`
	// Argv0 is the process's name, when it is not Path.
	Argv0 string `json:"argv0,omitempty"`
	// Args are the arguments, without the program's name.
	Args []string `json:"args"`
	// Env is added to the environment, as NAME=VALUE.
	Env []string `json:"env,omitempty"`
	// Notes are what the backend changed of the guest's wishes.
	Notes []string `json:"-"`
}

// String is the command in shell syntax, to be read or pasted.
func (c Command) String() string {
	words := make([]string, 0, len(c.Args)+1)
	for _, w := range append([]string{c.Path}, c.Args...) {
		words = append(words, ShellQuote(w))
	}
	return strings.Join(words, " ")
}

// Daemon is a process that the VM needs beside the hypervisor. It is ready
// when its socket appears.
type Daemon struct {
	Name string `json:"name"`
	Command
	// Socket is what the daemon listens on.
	Socket string `json:"socket"`
}

// Program is the file name of a tool that a spec for this backend names.
func Program(b Backend, tool, guestSystem string) string {
	return b.Caps().program(tool, guestSystem)
}

// Lookup finds a backend by its name.
func Lookup(backends []Backend, name string) (Backend, error) {
	var names []string
	for _, b := range backends {
		if b.Caps().Name == name {
			return b, nil
		}
		names = append(names, b.Caps().Name)
	}
	slices.Sort(names)
	return nil, hinted(fmt.Errorf("there is no hypervisor %q%s", name, didYouMean(name, names)),
		"the hypervisors are: %s", strings.Join(names, ", "))
}

// Check reports everything that stands between the spec and this hypervisor
// on this host: the spec's own mistakes, and what the hypervisor cannot do, with
// the ones among all that can.
func Check(s *Spec, b Backend, all []Backend, f Facts) error {
	problems := []error{s.Validate()}
	caps := b.Caps()
	problems = append(problems, caps.checkHost(f))
	for _, need := range s.Needs() {
		if !slices.Contains(caps.Features, need.Feature) {
			problems = append(problems, refuse(need, caps.Name, all))
		}
	}
	problems = append(problems, checkVirtiofsd(s, f)...)
	if c, ok := b.(Checker); ok {
		problems = append(problems, c.Check(s, f)...)
	}
	return errors.Join(problems...)
}

func refuse(n Need, name string, all []Backend) error {
	var able []string
	for _, b := range all {
		if c := b.Caps(); slices.Contains(c.Features, n.Feature) {
			able = append(able, c.Name)
		}
	}
	who := "no hypervisor does"
	if len(able) > 0 {
		who = "these do: " + strings.Join(able, ", ")
	}
	return fmt.Errorf("%s: %s does not support %s (%s)", n.Field, name, n.Feature, who)
}
