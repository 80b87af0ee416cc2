package qmp

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// startQEMU starts a paused machine and returns its socket, which QEMU inherits
// so that it can be dialled at once.
func startQEMU(t *testing.T, args ...string) string {
	t.Helper()
	const qemu = "qemu-system-x86_64"
	if _, err := exec.LookPath(qemu); err != nil {
		t.Skipf("no real QEMU to talk to: %v", err)
	}
	path := filepath.Join(socketDir(t), "q")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.SetUnlinkOnClose(false)
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command(qemu, append([]string{"-accel", "tcg", "-nodefaults", "-display", "none", "-S",
		"-chardev", "socket,id=q,fd=3,server=on,wait=off", "-mon", "chardev=q,mode=control"}, args...)...)
	cmd.ExtraFiles = []*os.File{f}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return path
}

func TestRealQEMU(t *testing.T) {
	path := startQEMU(t, "-M", "q35", "-smp", "2", "-device", "virtio-balloon-pci")
	c, err := Dial(soon(t), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	expectStatus(t, c, "prelaunch")
	// The reset vector of every x86 CPU, as an offset in its code segment.
	pcs, err := c.ProgramCounters(soon(t))
	if err != nil || len(pcs) != 2 || pcs[0] != 0xfff0 || pcs[1] != 0xfff0 {
		t.Errorf("ProgramCounters = %x, %v", pcs, err)
	}
	steps := []error{c.Cont(soon(t)), c.CtrlAltDel(soon(t)), c.Stop(soon(t)), c.Powerdown(soon(t))}
	if err := errors.Join(steps...); err != nil {
		t.Error(err)
	}
	expectStatus(t, c, "paused")
	if n, err := c.QueryBalloon(soon(t)); err != nil || n != 128<<20 {
		t.Errorf("QueryBalloon = %d, %v; want the default of 128 MiB", n, err)
	}
	if err := c.Balloon(soon(t), 64<<20); err != nil {
		t.Error(err)
	}
	if err := c.Quit(soon(t)); err != nil {
		t.Error(err)
	}
	last := ""
	for e := range c.Events() {
		last = e.Name
		if e.Time.IsZero() {
			t.Errorf("event %s without a time", e.Name)
		}
	}
	if last != "SHUTDOWN" {
		t.Errorf("last event %q, want SHUTDOWN", last)
	}
}

func expectStatus(t *testing.T, c *Conn, want string) {
	t.Helper()
	if got, err := c.Status(soon(t)); err != nil || got != want {
		t.Errorf("Status = %q, %v; want %q", got, err, want)
	}
}

func TestRealQEMURefuses(t *testing.T) {
	path := startQEMU(t, "-M", "microvm")
	c, err := Dial(soon(t), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, unknown := c.Execute(soon(t), "no-such-command", nil)
	for class, err := range map[string]error{
		"CommandNotFound": unknown,
		"DeviceNotActive": c.Balloon(soon(t), 1<<20),
		"GenericError":    c.CtrlAltDel(soon(t)),
	} {
		var refused *CommandError
		if !errors.As(err, &refused) || refused.Class != class {
			t.Errorf("error %v, want class %s", err, class)
		}
	}
}

// TestRealQEMUServesOneClient is why the handshake has a deadline and a hint.
func TestRealQEMUServesOneClient(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("measured on Linux only")
	}
	path := startQEMU(t, "-M", "none")
	first, err := Dial(soon(t), path)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, err := Dial(within(t, 100*time.Millisecond), path); hintOf(err) == "" {
		t.Errorf("second client: %v, want an error with a hint", err)
	}
}
