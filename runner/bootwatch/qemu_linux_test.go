package bootwatch

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"microvm/runner/qmp"
)

// firmware holds code at the reset vector, 16 bytes before its end.
func firmware(code ...byte) []byte {
	image := bytes.Repeat([]byte{0xf4}, 64<<10)
	copy(image[len(image)-16:], code)
	return image
}

// TestRealQEMU watches firmware that spins like a hung decompressor, and
// firmware that waits.
func TestRealQEMU(t *testing.T) {
	for name, test := range map[string]struct {
		image  []byte
		giveUp time.Duration
		want   Outcome
	}{
		"spins": {firmware(0xeb, 0xfe), time.Minute, Hung},    // jmp to itself
		"waits": {firmware(0xfa, 0xf4), time.Second, Unknown}, // cli, hlt
	} {
		t.Run(name, func(t *testing.T) {
			conn, pid := startQEMU(t, test.image)
			w := Watch{
				ProgramCounters: conn.ProgramCounters,
				ConsoleBytes:    func() int64 { return 0 },
				Load:            func() (Load, error) { return LoadOf(pid) },
				Window:          300 * time.Millisecond,
				Interval:        20 * time.Millisecond,
				GiveUp:          test.giveUp,
			}
			if got := w.Run(t.Context()); got.Outcome != test.want {
				t.Errorf("%+v, want %s", got, test.want)
			}
		})
	}
}

func startQEMU(t *testing.T, image []byte) (*qmp.Conn, int) {
	t.Helper()
	const qemu = "qemu-system-x86_64"
	if _, err := exec.LookPath(qemu); err != nil {
		t.Skipf("no real QEMU to watch: %v", err)
	}
	bios := filepath.Join(t.TempDir(), "bios")
	if err := os.WriteFile(bios, image, 0o600); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "watch") // short, because of sun_path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "q")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cmd := exec.Command(qemu, "-M", "pc", "-accel", "tcg", "-m", "16", "-nodefaults", "-display", "none",
		"-bios", bios, "-qmp", "unix:"+socket+",server=off")
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	l.SetDeadline(time.Now().Add(20 * time.Second))
	stream, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := qmp.NewConn(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, cmd.Process.Pid
}
