package darwin

import (
	"context"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"

	"microvm/runner"
)

// CheckHost finds what the hypervisors need of this Mac beyond being installed.
func CheckHost(ctx context.Context) []runner.Finding {
	return Host{
		Arch:    runtime.GOARCH,
		Version: func() (string, error) { return unix.Sysctl("kern.osproductversion") },
		Virtualizes: func() (bool, error) {
			n, err := unix.SysctlUint32("kern.hv_support")
			return n == 1, err
		},
		Files:    os.DirFS("/"),
		LookPath: exec.LookPath,
		Run: func(ctx context.Context, name string, args ...string) ([]byte, error) {
			return exec.CommandContext(ctx, name, args...).Output()
		},
	}.Check(ctx)
}
