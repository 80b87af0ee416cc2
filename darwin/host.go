package darwin

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io/fs"

	"microvm/runner"
)

// Host is what is asked of a Mac. CheckHost fills it with the real one.
type Host struct {
	// Arch is the CPU's, as GOARCH has it.
	Arch string
	// Version is that of macOS, such as "14.6.1".
	Version func() (string, error)
	// Virtualizes tells whether the hypervisor framework works.
	Virtualizes func() (bool, error)
	// Files is the file system below /.
	Files fs.FS
	// LookPath finds a program in $PATH.
	LookPath func(name string) (string, error)
	// Run returns what a program writes to stdout.
	Run func(ctx context.Context, name string, args ...string) ([]byte, error)
}

// Check finds what the hypervisors need of macOS beyond being installed.
func (h Host) Check(ctx context.Context) []runner.Finding {
	found := []runner.Finding{h.checkVersion(), h.checkFramework()}
	if h.Arch == "arm64" {
		found = append(found, h.checkRosetta())
	}
	found = append(found, h.checkVfkit(ctx))
	if path, err := h.LookPath(h.qemu()); err == nil {
		found = append(found, h.checkSignature(ctx, "qemu signature", path, "com.apple.security.hypervisor"))
	}
	return found
}

func (h Host) qemu() string {
	if h.Arch == "arm64" {
		return "qemu-system-aarch64"
	}
	return "qemu-system-x86_64"
}

// oldestMacOS has all that vfkit uses of the framework, Rosetta included.
const oldestMacOS = 13

func (h Host) checkVersion() runner.Finding {
	text, err := h.Version()
	if err != nil {
		return runner.Finding{Name: "macOS", State: runner.Warned, Detail: err.Error()}
	}
	v, err := runner.ParseVersion(text)
	switch {
	case err != nil:
		return runner.Finding{Name: "macOS", State: runner.Warned, Detail: err.Error()}
	case !v.AtLeast(oldestMacOS, 0):
		return runner.Finding{
			Name: "macOS", State: runner.Warned, Detail: text + " is too old for vfkit",
			Fix: fmt.Sprintf("update to macOS %d or later, or use --hypervisor qemu", oldestMacOS),
		}
	}
	return runner.Finding{Name: "macOS", State: runner.Fine, Detail: text}
}

// checkFramework fails on a Mac that is itself virtual.
func (h Host) checkFramework() runner.Finding {
	works, err := h.Virtualizes()
	switch {
	case err != nil:
		return runner.Finding{Name: "hypervisor framework", State: runner.Warned, Detail: err.Error()}
	case !works:
		return runner.Finding{
			Name: "hypervisor framework", State: runner.Warned, Detail: "this Mac cannot run VMs, as most virtual Macs cannot",
			Fix: "use --hypervisor qemu --accel tcg, which is slow",
		}
	}
	return runner.Finding{Name: "hypervisor framework", State: runner.Fine, Detail: "for vfkit, and QEMU with HVF"}
}

// rosettaForLinux comes with Rosetta; Macs can have the one for macOS programs
// alone.
const rosettaForLinux = "Library/Apple/usr/libexec/oah/RosettaLinux/rosetta"

func (h Host) checkRosetta() runner.Finding {
	f := runner.Finding{Name: "rosetta", State: runner.Fine, Detail: "for vfkit.rosetta"}
	if _, err := fs.Stat(h.Files, rosettaForLinux); err != nil {
		f.State, f.Detail = runner.Warned, "is not installed (for vfkit.rosetta)"
		f.Fix = "softwareupdate --install-rosetta, or vfkit.rosetta.install"
	}
	return f
}

func (h Host) checkVfkit(ctx context.Context) runner.Finding {
	path, err := h.LookPath("vfkit")
	if err != nil {
		return runner.Finding{
			Name: "vfkit", State: runner.Warned, Detail: "is not in $PATH",
			Fix: "`brew install vfkit`, or use the host's nixpkgs: --host-tools nixpkgs",
		}
	}
	return h.checkSignature(ctx, "vfkit", path, "com.apple.security.virtualization")
}

// checkSignature looks for the entitlement without which macOS refuses a program
// its hypervisor.
func (h Host) checkSignature(ctx context.Context, name, path, entitlement string) runner.Finding {
	f := runner.Finding{Name: name, State: runner.Warned, Fix: "use the one of Homebrew or nixpkgs, which is signed for it"}
	signature, err := h.Run(ctx, "/usr/bin/codesign", "-d", "--entitlements", "-", "--xml", path)
	switch {
	case err != nil:
		f.Detail = fmt.Sprintf("codesign %s: %v", path, err)
	case !entitled(signature, entitlement):
		f.Detail = fmt.Sprintf("%s lacks the entitlement %s", path, entitlement)
	default:
		f.State, f.Detail, f.Fix = runner.Fine, path, ""
	}
	return f
}

// entitled reads codesign's property list, <dict><key>NAME</key><true/>...</dict>.
func entitled(plist []byte, name string) bool {
	d := xml.NewDecoder(bytes.NewReader(plist))
	var key string
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case start.Name.Local == "key":
			if d.DecodeElement(&key, &start) != nil {
				return false
			}
		case start.Name.Local == "true" && key == name:
			return true
		case start.Name.Local != "plist" && start.Name.Local != "dict":
			key = ""
		}
	}
}
