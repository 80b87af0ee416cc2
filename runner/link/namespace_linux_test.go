package link

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// namespace moves the test, until its end, to an empty network with a /sys that shows it. What the test starts with
// "go" or t.Run stays outside.
func namespace(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // for good: the thread ends with the test and the namespaces with the thread
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS); err != nil {
		t.Skipf("cannot make a network namespace here: %v", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Skipf("cannot make mounts private here: %v", err)
	}
	if err := unix.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		t.Skipf("cannot mount the namespace's sysfs here: %v", err)
	}
}

func addLink(t *testing.T, l netlink.Link) netlink.Link {
	t.Helper()
	if err := netlink.LinkAdd(l); err != nil {
		t.Skipf("this kernel makes no %s: %v", l.Type(), err)
	}
	return get(t, l.Attrs().Name)
}

func addBridge(t *testing.T, name string) netlink.Link {
	t.Helper()
	return addLink(t, &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}})
}

func addCard(t *testing.T, name string) netlink.Link {
	t.Helper()
	return addLink(t, &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name + "-peer"})
}

func get(t *testing.T, name string) netlink.Link {
	t.Helper()
	found, err := lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	if found == nil {
		t.Fatalf("there is no %q", name)
	}
	return found
}

func getTap(t *testing.T, name string) *netlink.Tuntap {
	t.Helper()
	tap, ok := get(t, name).(*netlink.Tuntap)
	if !ok {
		t.Fatalf("%q is no tap", name)
	}
	return tap
}

func up(t *testing.T, l interface {
	Up() (func() error, error)
}) (undo func() error) {
	t.Helper()
	undo, err := l.Up()
	if err != nil {
		t.Fatal(err)
	}
	return undo
}

// administrator runs the commands of a hint as they are printed.
func administrator(t *testing.T, commands []string) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skipf("iproute2 is not installed: %v", err)
	}
	for _, command := range commands {
		if out, err := exec.Command("/bin/sh", "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", command, err, out)
		}
	}
}

// unprivileged is for tests of refusals: it gives up this thread's capabilities.
func unprivileged(t *testing.T) {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", parts)
	}
	text := err.Error()
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		text += "\nhint: " + h.Hint()
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in: %s", part, text)
		}
	}
}

func wantBusy(t *testing.T, err error, name string) {
	t.Helper()
	var busy *BusyError
	if !errors.As(err, &busy) || busy.Name != name {
		t.Fatalf("want %q to be busy, got %v", name, err)
	}
	if busy.Holder.PID != os.Getpid() {
		t.Errorf("held by %v, want this process %d", busy.Holder, os.Getpid())
	}
	wantError(t, err, "another VM")
}
