package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"microvm/runner/kvm"
)

// HostOptions say how to look at the host.
type HostOptions struct {
	// Tools are programs chosen beforehand, by their name in the spec; the
	// others are looked up in $PATH.
	Tools map[string]string
	// Accel is "auto", "kvm", "hvf" or "tcg".
	Accel string
	// CacheDir keeps what is expensive to find out.
	CacheDir string
	// Self is this program's own file.
	Self string
	// ProbeArgs make Self run kvm.RunChild.
	ProbeArgs []string
	// Assume takes the place of a missing hypervisor: the plan is made for
	// the newest version known, and cannot be started.
	Assume bool
}

// Gather looks at the host on which the spec shall run. The notes are what the
// plan's reader should know about it.
func Gather(ctx context.Context, s *Spec, b Backend, o HostOptions) (f Facts, notes []string, err error) {
	f = Facts{
		System: HostSystem(), CPUs: runtime.NumCPU(), UID: os.Getuid(), Self: o.Self,
		IOUring: ioUringAllowed(), Tools: map[string]Tool{},
	}
	versions := openVersionCache(filepath.Join(o.CacheDir, "versions.json"))
	var missing []error
	for _, name := range s.ToolNames(b) {
		path, err := findTool(name, b.Caps().program(name, s.System), s.System, o.Tools)
		switch {
		case err == nil:
			f.Tools[name] = Tool{Path: path}
			if name == s.Hypervisor || name == "virtiofsd" {
				f.Tools[name] = Tool{path, versions.of(ctx, path)}
			}
		case name == s.Hypervisor && o.Assume:
			f.Tools[name] = Tool{b.Caps().program(name, s.System), b.Caps().Newest}
			notes = append(notes, fmt.Sprintf("%v; planned for version %s", err, b.Caps().Newest))
		default:
			missing = append(missing, err)
		}
	}
	versions.save()
	if err := errors.Join(missing...); err != nil {
		return f, notes, err
	}
	if f.Accel, err = chooseAccel(ctx, s, o); err != nil {
		return f, notes, err
	}
	if f.Accel, err = b.Caps().accept(f.Accel, o.Assume); err != nil {
		return f, notes, err
	}
	if f.Accel.Kind == "tcg" && s.Hypervisor == "qemu" {
		f.TSCkHz = tscFrequency(o.CacheDir)
	}
	return f, notes, err
}

// HostSystem is this host's platform, as Nix names it.
func HostSystem() string {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	return arch + "-" + runtime.GOOS
}

// Directories that distributions put programs in without adding them to $PATH.
var toolDirs = []string{
	"/usr/sbin", "/sbin", "/usr/libexec", "/usr/lib/qemu", "/usr/lib/virtiofsd", "/run/wrappers/bin",
}

func findTool(name, program, guestSystem string, chosen map[string]string) (string, error) {
	if path := chosen[name]; path != "" {
		if _, err := exec.LookPath(path); err != nil {
			return "", hinted(fmt.Errorf("%s: %w", name, err),
				"the runner names this path; build it again, or look elsewhere with --host-tools path")
		}
		return path, nil
	}
	if path, err := exec.LookPath(program); err == nil {
		return filepath.Abs(path)
	}
	for _, dir := range toolDirs {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", hinted(fmt.Errorf("%s is not in $PATH", program), "%s", installHint(name, guestSystem))
}

// chooseAccel judges the accelerators of this host for this guest.
func chooseAccel(ctx context.Context, s *Spec, o HostOptions) (Accel, error) {
	fast := "kvm"
	if runtime.GOOS == "darwin" {
		fast = "hvf"
	}
	foreign := Arch(s.System) != Arch(HostSystem())
	switch {
	case o.Accel == "tcg":
		return Accel{Kind: "tcg"}, nil
	case o.Accel != "auto" && o.Accel != fast:
		return Accel{}, hinted(fmt.Errorf("accelerator %q does not exist on %s", o.Accel, runtime.GOOS), "use auto, %s or tcg", fast)
	case foreign && o.Accel != "auto":
		return Accel{}, hinted(fmt.Errorf("accelerator %q cannot run a guest of %s on %s", o.Accel, s.System, HostSystem()), "use --accel tcg")
	case foreign:
		return Accel{Kind: "tcg", Reason: fmt.Sprintf("the guest is %s and this host is %s; emulation is slow", s.System, HostSystem())}, nil
	case o.Accel == fast || fast == "hvf":
		return Accel{Kind: fast}, nil
	}
	c := judgeKVM(ctx, o)
	switch {
	case c.Hung:
		return Accel{Kind: "tcg", Reason: "KVM failed an ordinary kernel since this host booted: " + c.HungReason}, nil
	case c.Report.Verdict != kvm.Works:
		return Accel{Kind: "tcg", Reason: c.Report.Reason() + "; --accel kvm insists"}, nil
	}
	return Accel{Kind: "kvm", Watch: !c.Booted}, nil
}

// judgeKVM probes once a boot of the host.
func judgeKVM(ctx context.Context, o HostOptions) kvm.Cached {
	if c, ok := kvm.Load(o.CacheDir); ok {
		return c
	}
	c := kvm.Cached{Report: kvm.Probe(ctx, kvm.Options{Exe: o.Self, Args: o.ProbeArgs})}
	if ctx.Err() == nil {
		// A cache that cannot be written costs a probe the next time, no more.
		_ = kvm.Store(o.CacheDir, c)
	}
	return c
}

// RememberHang keeps the next runs on this boot of the host from trying KVM.
func RememberHang(ctx context.Context, o HostOptions, hang *AccelError) error {
	c := judgeKVM(ctx, o)
	c.Hung, c.HungReason = true, hang.Reason
	return kvm.Store(o.CacheDir, c)
}

// RememberBoot spares the next runs on this boot of the host the watchdog.
func RememberBoot(ctx context.Context, o HostOptions) error {
	c := judgeKVM(ctx, o)
	c.Booted = true
	return kvm.Store(o.CacheDir, c)
}

func tscFrequency(cacheDir string) int {
	c, ok := kvm.Load(cacheDir)
	if c.TSCkHz > 0 {
		return c.TSCkHz
	}
	c.TSCkHz = kvm.TSCkHz()
	if ok {
		_ = kvm.Store(cacheDir, c)
	}
	return c.TSCkHz
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
