package runner

import "fmt"

// packages are what distributions call a tool's package.
var packages = map[string]struct{ debian, fedora, nix string }{
	"virtiofsd":  {"virtiofsd", "virtiofsd", "virtiofsd"},
	"mkfs.ext2":  {"e2fsprogs", "e2fsprogs", "e2fsprogs"},
	"mkfs.ext3":  {"e2fsprogs", "e2fsprogs", "e2fsprogs"},
	"mkfs.ext4":  {"e2fsprogs", "e2fsprogs", "e2fsprogs"},
	"mkfs.xfs":   {"xfsprogs", "xfsprogs", "xfsprogs"},
	"mkfs.btrfs": {"btrfs-progs", "btrfs-progs", "btrfs-progs"},
	"mkfs.vfat":  {"dosfstools", "dosfstools", "dosfstools"},
	"qemu-img":   {"qemu-utils", "qemu-img", "qemu-utils"},
	// NixOS has it as a wrapper: virtualisation.libvirtd or security.wrappers.
	"qemu-bridge-helper": {"qemu-system-common", "qemu-common", "qemu"},
}

// NixPackage is the attribute of nixpkgs that has the tool.
func NixPackage(name, guestSystem, hostSystem string) string {
	if name == "qemu" {
		if guestSystem == hostSystem {
			// Smaller, and linked for this architecture only.
			return "qemu_kvm"
		}
		return "qemu"
	}
	if p, ok := packages[name]; ok {
		return p.nix
	}
	return name
}

func installHint(name, guestSystem string) string {
	p, ok := packages[name]
	if name == "qemu" {
		p.debian, p.fedora, ok = "qemu-system-x86", "qemu-kvm", true
		if Arch(guestSystem) == "aarch64" {
			p.debian = "qemu-system-arm"
		}
	}
	if !ok {
		return "install it, or use the host's nixpkgs: --host-tools nixpkgs"
	}
	return fmt.Sprintf("`apt install %s`, `dnf install %s`, or use the host's nixpkgs: --host-tools nixpkgs", p.debian, p.fedora)
}
