package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// defaultModules are the drivers and file systems that a test may meet. The
// init loads one when there is something for it to do, so more of them cost
// only bytes.
func defaultModules(arch string) []string {
	modules := []string{
		"virtio_pci", "virtio_mmio", "virtio_blk", "virtio_net", "virtio_console", "virtio_balloon", "virtio_rng",
		"virtio_mem", "vmw_vsock_virtio_transport", "9p", "9pnet_virtio", "fuse", "virtiofs", "overlay",
		"ext4", "erofs", "squashfs", "vfat", "evdev", "qemu_fw_cfg", "dmi_sysfs", "xhci_pci", "i6300esb",
	}
	switch arch {
	case "amd64":
		return append(modules, "button", "i8042", "atkbd")
	case "arm64":
		return append(modules, "gpio_pl061", "gpio_keys")
	}
	return modules
}

// moduleEntries are the modules, the modules they need, and what the init reads
// to load them: modules/needs, "NAME NEEDED..." a line, and modules/alias,
// "PATTERN NAME" a line.
func moduleEntries(ctx context.Context, kernelDir string, names []string) ([]entry, error) {
	tree, err := openModules(kernelDir)
	if err != nil {
		return nil, err
	}
	chosen, missing := tree.closure(names)
	if len(missing) > 0 {
		fmt.Fprintf(os.Stderr, "initrd: this kernel has no module %s\n", strings.Join(missing, ", "))
	}
	var entries []entry
	var needs, aliases strings.Builder
	for _, name := range chosen {
		data, err := readModule(ctx, filepath.Join(tree.dir, tree.files[name]))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{name: "modules/" + name + ".ko", mode: 0o644, data: data})
		fmt.Fprintln(&needs, name, strings.Join(tree.needs[name], " "))
	}
	for _, a := range tree.aliases {
		if slices.Contains(chosen, a.name) {
			fmt.Fprintln(&aliases, a.pattern, a.name)
		}
	}
	return append(entries,
		entry{name: "modules/needs", mode: 0o644, data: []byte(needs.String())},
		entry{name: "modules/alias", mode: 0o644, data: []byte(aliases.String())},
	), nil
}
