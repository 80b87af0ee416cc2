package runner

import (
	"bytes"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkDaemonReady: 10 ms from a daemon's socket to the hypervisor's start.
func BenchmarkDaemonReady(b *testing.B) {
	var total time.Duration
	for range b.N {
		dir := b.TempDir()
		socket := filepath.Join(dir, "d.sock")
		p := &Plan{
			Dir: dir, VM: act("print"), Hypervisor: Hypervisor{Kind: "qemu"},
			Daemons: []Daemon{{Name: "d", Command: act("listen-now", socket), Socket: socket}},
		}
		var out, daemon bytes.Buffer
		o := startOptions(&out)
		o.Stderr = &daemon
		vm, err := Start(b.Context(), p, o)
		if err != nil {
			b.Fatal(err)
		}
		if err := vm.Wait(); err != nil {
			b.Fatal(err)
		}
		total += vm.started.Sub(clock(b, daemon.String()))
	}
	b.ReportMetric(float64(total)/float64(b.N)/float64(time.Millisecond), "ms/ready")
	b.ReportMetric(0, "ns/op")
}

func clock(b *testing.B, text string) time.Time {
	b.Helper()
	ns, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return time.Unix(0, ns)
}
