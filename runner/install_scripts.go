package runner

import (
	"fmt"
	"strings"
)

// hostScripts are what a host runs as root, before and after a VM whose user may
// not: microvm.nix's host module finds them by their names. They use ip and not
// this program, because what it makes it also removes.
func hostScripts(s *Spec) map[string]string {
	scripts := map[string]string{}
	for name, lines := range map[string][]string{
		"tap-up":       perInterface(s, "tap", tapUp),
		"tap-down":     perInterface(s, "tap", linkDown),
		"macvtap-up":   perInterface(s, "macvtap", macvtapUp),
		"macvtap-down": perInterface(s, "macvtap", linkDown),
		"pci-setup":    pciSetup(s),
	} {
		if len(lines) > 0 {
			scripts[name] = strings.Join(lines, "\n") + "\n"
		}
	}
	return scripts
}

func perInterface(s *Spec, kind string, lines func(*Spec, Interface) []string) (all []string) {
	for _, in := range s.Interfaces {
		if in.Type == kind {
			all = append(all, lines(s, in)...)
		}
	}
	return all
}

// ownerOfLinks is who starts the VM: microvm.nix's user unless the host says
// otherwise.
const ownerOfLinks = `"${MICROVM_USER:-microvm}"`

func tapUp(s *Spec, in Interface) []string {
	ip, id := s.hostTool("ip"), ShellQuote(in.ID)
	flags := "vnet_hdr"
	if s.queues() > 1 {
		flags += " multi_queue"
	}
	return append(linkDown(s, in),
		fmt.Sprintf("%s tuntap add dev %s mode tap user %s %s", ip, id, ownerOfLinks, flags),
		fmt.Sprintf("%s link set dev %s up", ip, id))
}

func macvtapUp(s *Spec, in Interface) []string {
	ip, id := s.hostTool("ip"), ShellQuote(in.ID)
	return append(linkDown(s, in),
		fmt.Sprintf("%s link add link %s name %s address %s type macvtap mode %s",
			ip, ShellQuote(in.Macvtap.Link), id, ShellQuote(in.MAC), in.Macvtap.Mode),
		// The address is the guest's: the host must not use it.
		fmt.Sprintf("if [ -e /proc/sys/net/ipv6/conf/%[1]s ]; then echo 1 >/proc/sys/net/ipv6/conf/%[1]s/disable_ipv6; fi", id),
		fmt.Sprintf("%s link set dev %s allmulticast on up", ip, id),
		fmt.Sprintf("chown %s: /dev/tap\"$(cat /sys/class/net/%s/ifindex)\"", ownerOfLinks, id))
}

// linkDown removes an interface, what an earlier run left included.
func linkDown(s *Spec, in Interface) []string {
	id := ShellQuote(in.ID)
	return []string{fmt.Sprintf("if [ -e /sys/class/net/%[1]s ]; then %[2]s link delete dev %[1]s; fi", id, s.hostTool("ip"))}
}

func pciSetup(s *Spec) (lines []string) {
	for _, d := range s.Devices {
		if d.Bus != "pci" {
			continue
		}
		if lines == nil {
			lines = append(lines, s.hostTool("modprobe")+" vfio-pci")
		}
		path := d.Path
		if strings.Count(path, ":") == 1 {
			path = "0000:" + path
		}
		lines = append(lines,
			"cd /sys/bus/pci/devices/"+ShellQuote(path),
			"echo vfio-pci >driver_override",
			fmt.Sprintf("if [ -e driver ]; then echo %s >driver/unbind; fi", ShellQuote(path)),
			fmt.Sprintf("echo %s >/sys/bus/pci/drivers_probe", ShellQuote(path)),
			fmt.Sprintf("chown %s: /dev/vfio/\"$(basename \"$(readlink iommu_group)\")\"", ownerOfLinks))
	}
	return lines
}

// hostTool is a program as a script calls it.
func (s *Spec) hostTool(name string) string {
	if path, ok := s.Tools[name]; ok {
		return ShellQuote(path)
	}
	return name
}

// scripts writes the host's and the user's. A user's script of the same name adds
// to the host's, and is undone before it.
func (t *tree) scripts(s *Spec) {
	shebang := "#!/usr/bin/env bash\n"
	if path, ok := s.Tools["bash"]; ok {
		shebang = "#!" + path + "\n"
	}
	own := hostScripts(s)
	for _, name := range sortedKeys(s.BinScripts) {
		if _, ok := own[name]; !ok {
			t.file("bin/"+name, shebang+s.BinScripts[name]+"\n", 0o755)
		}
	}
	for _, name := range sortedKeys(own) {
		parts := []string{own[name], s.BinScripts[name]}
		if strings.HasSuffix(name, "-down") {
			parts[0], parts[1] = parts[1], parts[0]
		}
		t.file("bin/"+name, shebang+"set -euo pipefail\n"+strings.Join(parts, "\n"), 0o755)
	}
}
