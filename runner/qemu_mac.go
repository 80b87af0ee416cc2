package runner

import "fmt"

// checkQEMUOnMac refuses what QEMU has on Linux only.
func checkQEMUOnMac(s *Spec, f Facts) []error {
	var problems []error
	refuse := func(when bool, format string, args ...any) {
		if when {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	if v := f.Tools["qemu"].Version; v != (Version{}) {
		// 9p, and guests on Apple silicon whose devices fit its addresses.
		refuse(!v.AtLeast(7, 0), "qemu: version %s is too old for macOS, 7.0 is the oldest that works", v)
	}
	refuse(s.HugepageMem, "hugepageMem: huge pages with QEMU need a Linux host")
	refuse(s.HotplugMem > 0, "hotplugMem: memory hotplug with QEMU needs a Linux host")
	for i, in := range s.Interfaces {
		refuse(in.Type != "user", "interfaces[%d].type: %q needs a Linux host: use \"user\"", i, in.Type)
	}
	for i, sh := range s.Shares {
		refuse(sh.Proto == "virtiofs", "shares[%d].proto: virtiofs needs a Linux host: use \"9p\", or --hypervisor vfkit", i)
	}
	refuse(len(s.Devices) > 0, "devices: passing devices needs a Linux host")
	refuse(s.Vsock.CID != nil, "vsock.cid: vsock with QEMU needs a Linux host: use --hypervisor vfkit")
	g := s.Graphics
	refuse(g.Enable && g.Backend == "headless", "graphics.backend: %q needs a Linux host: use \"cocoa\"", g.Backend)
	refuse(g.Enable && g.Vulkan != nil, "graphics.vulkan: needs a Linux host")
	return problems
}
