package kvm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// modules are the parts of KVM that the kernel has, or kvm if it has no parts.
func (h host) modules() []string {
	var found []string
	for _, m := range []string{"kvm_intel", "kvm_amd", "kvm_pvm"} {
		if h.exists("sys/module/" + m) {
			found = append(found, m)
		}
	}
	if found == nil && h.exists("sys/module/kvm") {
		return []string{"kvm"}
	}
	return found
}

func (h host) exists(path string) bool {
	_, err := os.Stat(filepath.Join(h.root, path))
	return err == nil
}

func (h host) container() bool { return h.exists(".dockerenv") || h.exists("run/.containerenv") }
func (h host) nested() bool    { return slices.Contains(h.cpuFlags(), "hypervisor") }

// cpuFlags are those of the first CPU; none on arm64, whose features say
// nothing of virtualization.
func (h host) cpuFlags() []string {
	text, _ := os.ReadFile(filepath.Join(h.root, "proc/cpuinfo"))
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "flags" {
			return strings.Fields(value)
		}
	}
	return nil
}

// missingFix is how to get a device that does not exist or does not answer.
func (h host) missingFix() string {
	if h.container() {
		return "start the container with --device " + devicePath
	}
	if m := h.modules(); len(m) > 0 && !slices.Equal(m, []string{"kvm"}) {
		return "make the device: `sudo mknod -m 0666 /dev/kvm c 10 232`"
	}
	return h.hardwareFix()
}

// hardwareFix is how to get the CPU's own virtualization.
func (h host) hardwareFix() string {
	flags := h.cpuFlags()
	switch {
	case h.arch == "arm64":
		return "start the kernel at EL2; if this host is a virtual machine, enable nested virtualization for it"
	case slices.Contains(flags, "vmx"):
		return "load the module: `sudo modprobe kvm_intel`"
	case slices.Contains(flags, "svm"):
		return "load the module: `sudo modprobe kvm_amd`"
	case slices.Contains(flags, "hypervisor"):
		return "this host is a virtual machine: enable nested virtualization for it"
	}
	return "enable virtualization (VT-x, AMD-V or SVM) in the firmware's set-up"
}

// permissionFix is how to be allowed to use a device that others may use.
func (h host) permissionFix(n node) string {
	group := h.group(n.GID)
	shared := n.Mode.Perm()&0o060 == 0o060 && n.GID != 0
	switch {
	case shared && group == "":
		return fmt.Sprintf("add group %d to the container: --group-add %d (podman: --group-add keep-groups)", n.GID, n.GID)
	case shared:
		return fmt.Sprintf("`sudo usermod -aG %s \"$USER\"`, then log in again", group)
	}
	return `let everybody use it: put KERNEL=="kvm", MODE="0666" in /etc/udev/rules.d/99-kvm.rules, ` +
		"then `sudo udevadm control --reload && sudo udevadm trigger " + devicePath + "`"
}
