package link

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestQEMU has the real one attach to what was made, and be found to be attached.
func TestQEMU(t *testing.T) {
	namespace(t)
	addCard(t, "card")
	tap := Tap{Name: "vm-tap", MultiQueue: true, VNetHdr: true}
	macvtap := Macvtap{Name: "vm-mac", Link: "card", Mode: "bridge", MAC: testMAC}
	up(t, tap)
	up(t, macvtap)
	queues, err := OpenMacvtap(macvtap.Name, 2)
	if err != nil {
		t.Fatal(err)
	}
	pid := startQEMU(t, queues,
		"-netdev", "tap,id=n0,ifname=vm-tap,script=no,downscript=no,queues=2", "-device", "virtio-net-pci,netdev=n0,mq=on,romfile=",
		"-netdev", "tap,id=n1,fds=3:4", "-device", "virtio-net-pci,netdev=n1,mq=on,romfile=,mac="+testMAC)
	if err := closeAll(queues); err != nil {
		t.Error(err)
	}
	for _, again := range []interface{ Up() (func() error, error) }{tap, macvtap} {
		_, err := again.Up()
		var busy *BusyError
		if !errors.As(err, &busy) || busy.Holder.PID != pid || !strings.Contains(err.Error(), "qemu-system") {
			t.Errorf("want it in use by QEMU, %d, got %v", pid, err)
		}
	}
}

// startQEMU returns when the network cards are made: QMP obeys after that.
func startQEMU(t *testing.T, files []*os.File, args ...string) int {
	t.Helper()
	const program = "qemu-system-x86_64"
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("QEMU is not installed: %v", err)
	}
	qemu := exec.Command(program, append([]string{
		"-nodefaults", "-machine", "q35,accel=tcg", "-m", "16", "-display", "none", "-S", "-qmp", "stdio",
	}, args...)...)
	qemu.ExtraFiles, qemu.Stderr = files, t.Output()
	stdin, err := qemu.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := qemu.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := qemu.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = qemu.Process.Kill()
		_ = qemu.Wait()
	})
	if _, err := io.WriteString(stdin, `{"execute":"qmp_capabilities"}`+"\n"); err != nil {
		t.Fatal(err)
	}
	for said := bufio.NewScanner(stdout); said.Scan(); {
		if strings.Contains(said.Text(), `"return"`) {
			return qemu.Process.Pid
		}
	}
	t.Fatal("QEMU did not start")
	return 0
}
