package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"

	"microvm/runner/qmp"
)

// QEMU is the backend for QEMU's machines microvm, q35 and virt.
type QEMU struct{}

var (
	_ Checker    = QEMU{}
	_ Shutdowner = QEMU{}
	_ Pauser     = QEMU{}
	_ Ballooner  = QEMU{}
	_ Controlled = QEMU{}
)

// Caps is what QEMU can do: everything but Rosetta.
func (QEMU) Caps() Caps {
	return Caps{
		Name:    "qemu",
		Program: "qemu-system-ARCH",
		Newest:  Version{10, 0, 0},
		HostOS:  []string{"linux", "darwin"},
		Accels:  []string{"kvm", "hvf", "tcg"},
		Features: []Feature{
			FeatureCPUModel, FeatureRunAs, FeatureHugepages, FeatureHotplugMem,
			FeatureBalloon, FeatureInitialBalloon,
			FeatureDiskSerial, FeatureDirectIO, FeatureQcow2, FeatureVHD, FeatureVHDX,
			Feature9P, FeatureVirtiofs, FeatureReadOnlyShare,
			FeatureUserNet, FeatureForwardPorts, FeatureTap, FeatureTapVhost,
			FeatureMacvtap, FeatureBridge,
			FeaturePCI, FeatureUSB, FeatureVsock, FeatureGraphics, FeatureVulkan,
			FeatureCredentials,
		},
	}
}

// Check refuses what depends on the machine model, the version and the host.
func (QEMU) Check(s *Spec, f Facts) []error {
	var problems []error
	refuse := func(when bool, format string, args ...any) {
		if when {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	m := machineOf(s)
	x86 := Arch(s.System) == "x86_64"
	refuse(m.microvm && !x86, "qemu.machine: %q exists on x86_64 only: use \"virt\"", s.QEMU.Machine)
	refuse(m.name == "q35" && !x86, "qemu.machine: %q exists on x86_64 only: use \"virt\"", s.QEMU.Machine)
	refuse(m.name == "virt" && x86, "qemu.machine: %q does not exist on x86_64: use \"microvm\" or \"q35\"", s.QEMU.Machine)
	refuse(m.microvm && s.HotplugMem > 0, "hotplugMem: QEMU's %q machine has no memory hotplug: use \"q35\"", m.name)
	refuse(m.microvm && len(s.QEMU.PCIERootPorts) > 0 && !m.pci,
		"qemu.pcieRootPorts: QEMU's %q machine has no PCI here: use \"q35\"", m.name)
	for i, fw := range s.ForwardPorts {
		refuse(fw.From == "guest" && fw.Proto != "tcp", "forwardPorts[%d].proto: QEMU forwards only tcp from the guest", i)
		refuse(fw.From == "guest" && fw.Host.Address == "", "forwardPorts[%d].host.address: QEMU needs one to forward from the guest, for example \"127.0.0.1\"", i)
	}
	for _, name := range sortedKeys(s.CredentialFiles) {
		refuse(len(name) > maxCredentialName, "credentialFiles: QEMU takes names of at most %d bytes, %q has %d", maxCredentialName, name, len(name))
	}
	if v := f.Tools["qemu"].Version; v != (Version{}) {
		refuse(!v.AtLeast(6, 0), "qemu: version %s is too old, 6.0 is the oldest that works", v)
	}
	if f.OS() == "darwin" {
		problems = append(problems, checkQEMUOnMac(s, f)...)
	}
	return problems
}

// maxCredentialName is what fw_cfg's 55 bytes leave beside systemd's prefix.
const maxCredentialName = 55 - len(credentialPrefix)

const credentialPrefix = "opt/io.systemd.credentials/"

// Command is QEMU's command line, in groups: the machine, what it boots, its
// devices, and last what the user added.
func (QEMU) Command(s *Spec, rt Runtime) (Command, error) {
	q := &qemuCommand{s: s, rt: rt, machine: machineOf(s)}
	q.base()
	q.cpu()
	q.memory()
	q.boot()
	q.control()
	q.console()
	q.basics()
	q.rootPorts()
	q.disks()
	q.shares()
	q.network()
	q.passthrough()
	q.graphics()
	q.confine()
	q.add(s.QEMU.ExtraArgs...)
	c := Command{Path: rt.Tools["qemu"].Path, Args: q.args, Notes: q.notes}
	if s.PrettyProcnames {
		c.Argv0 = "microvm@" + s.Name
	}
	return c, q.err
}

// qemuCommand collects the arguments.
type qemuCommand struct {
	s       *Spec
	rt      Runtime
	machine qemuMachine
	args    []string
	notes   []string
	err     error
}

func (q *qemuCommand) add(args ...string) { q.args = append(q.args, args...) }

func (q *qemuCommand) opt(flag string, o *qemuOpts) { q.add(flag, o.String()) }

func (q *qemuCommand) note(format string, args ...any) {
	q.notes = append(q.notes, fmt.Sprintf(format, args...))
}

// Shutdown presses the power button.
func (QEMU) Shutdown(ctx context.Context, socket string) error {
	return withQMP(ctx, socket, (*qmp.Conn).Powerdown)
}

// Pause stops the virtual CPUs.
func (QEMU) Pause(ctx context.Context, socket string) error {
	return withQMP(ctx, socket, (*qmp.Conn).Stop)
}

// Resume continues the virtual CPUs.
func (QEMU) Resume(ctx context.Context, socket string) error {
	return withQMP(ctx, socket, (*qmp.Conn).Cont)
}

// Balloon sets the guest's memory and returns what it has right after; the
// guest takes its time to give memory back.
func (QEMU) Balloon(ctx context.Context, socket string, mib int) (int, error) {
	var actual int64
	err := withQMP(ctx, socket, func(c *qmp.Conn, ctx context.Context) (err error) {
		if err := c.Balloon(ctx, int64(mib)<<20); err != nil {
			return err
		}
		actual, err = c.QueryBalloon(ctx)
		return err
	})
	return int(actual >> 20), err
}

func withQMP(ctx context.Context, socket string, do func(*qmp.Conn, context.Context) error) error {
	c, err := qmp.Dial(ctx, socket)
	if err != nil {
		return err
	}
	return errors.Join(do(c, ctx), c.Close())
}

// Attach completes QMP's handshake, after which QEMU has made all its devices.
func (QEMU) Attach(ctx context.Context, conn net.Conn) (Control, error) {
	c, err := qmp.NewConn(ctx, conn)
	if err != nil {
		return nil, err
	}
	ctl := &qemuControl{conn: c, fate: make(chan Fate, 1)}
	go ctl.listen()
	return ctl, nil
}

// qemuControl is the supervisor's QMP connection.
type qemuControl struct {
	conn *qmp.Conn
	fate chan Fate
}

// listen ends with the connection, which ends with the process.
func (c *qemuControl) listen() {
	fate := FateUnknown
	for e := range c.conn.Events() {
		switch e.Name {
		case "GUEST_PANICKED":
			fate = FatePanic
		case "STOP":
			if c.endBroken() {
				fate = FateBroken
			}
		case "SHUTDOWN":
			if fate == FateUnknown {
				fate = shutdownFate(e.Data)
			}
		}
	}
	c.fate <- fate
}

// endBroken ends a QEMU whose accelerator failed: it would stop its CPUs and
// wait for somebody to look.
func (c *qemuControl) endBroken() bool {
	ctx, cancel := context.WithTimeout(context.Background(), hypervisorPatience)
	defer cancel()
	if status, err := c.conn.Status(ctx); err != nil || status != "internal-error" {
		return false
	}
	// It may be gone before it answers.
	_ = c.conn.Quit(ctx)
	return true
}

// shutdownFate reads the reason of QMP's SHUTDOWN event, a ShutdownCause.
func shutdownFate(data json.RawMessage) Fate {
	var d struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal(data, &d) != nil {
		return FateUnknown
	}
	switch {
	case d.Reason == "guest-shutdown":
		return FateShutdown
	case d.Reason == "guest-reset":
		return FateReset
	case d.Reason == "guest-panic":
		return FatePanic
	case strings.HasPrefix(d.Reason, "host-"):
		return FateHost
	}
	return FateUnknown
}

// Fate returns when the connection ends.
func (c *qemuControl) Fate() Fate {
	f := <-c.fate
	c.fate <- f
	return f
}

func (c *qemuControl) PowerButton(ctx context.Context) error { return c.conn.Powerdown(ctx) }
func (c *qemuControl) CtrlAltDel(ctx context.Context) error  { return c.conn.CtrlAltDel(ctx) }
func (c *qemuControl) Close() error                          { return c.conn.Close() }

func (c *qemuControl) Balloon(ctx context.Context, mib int) error {
	return c.conn.Balloon(ctx, int64(mib)<<20)
}

func (c *qemuControl) ProgramCounters(ctx context.Context) ([]uint64, error) {
	return c.conn.ProgramCounters(ctx)
}
