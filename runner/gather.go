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
	// Assume takes the place of missing programs: the plan is made for the
	// newest hypervisor known, and cannot be started.
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
	for _, name := range append(s.ToolNames(b), unprivilegedTools(s)...) {
		path, err := findTool(name, b.Caps().program(name, s.System), s.System, o.Tools)
		switch {
		case err == nil:
			f.Tools[name] = Tool{Path: path}
			if name == s.Hypervisor || name == "virtiofsd" {
				f.Tools[name] = Tool{path, versions.of(ctx, path)}
			}
		case o.Assume:
			f.Tools[name] = Tool{Path: b.Caps().program(name, s.System)}
			note := err.Error()
			if name == s.Hypervisor {
				f.Tools[name] = Tool{b.Caps().program(name, s.System), b.Caps().Newest}
				note += "; planned for version " + b.Caps().Newest.String()
			}
			notes = append(notes, note)
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

// unprivilegedTools are what only a user other than root needs.
func unprivilegedTools(s *Spec) []string {
	bridged := slices.ContainsFunc(s.Interfaces, func(in Interface) bool { return in.Type == "bridge" })
	if os.Getuid() == 0 || !bridged || s.Hypervisor != "qemu" {
		return nil
	}
	return []string{"qemu-bridge-helper"}
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

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
