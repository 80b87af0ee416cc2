package runner

import (
	"fmt"
	"strings"
)

// Warnings lists what Validate lets pass, because microvm.nix does, but what
// is hardly meant, in the form of Validate's lines.
func (s *Spec) Warnings() []string {
	var w warnings
	w.when(s.Mem < 32, "mem", "%d MiB of RAM is uncomfortably narrow", s.Mem)
	w.when(s.InitialBalloonMem > 0 && !s.Balloon, "initialBalloonMem", "has no effect without balloon = true")
	for i, param := range s.Boot.KernelParams {
		w.when(hasBareSpace(param), index("boot.kernelParams", i), "%q is more than one parameter", param)
	}
	for i, v := range s.Volumes {
		w.volume(v, index("volumes", i))
	}
	for i, in := range s.Interfaces {
		w.iface(in, index("interfaces", i))
	}
	return w
}

type warnings []string

func (w *warnings) when(happens bool, field, format string, args ...any) {
	if happens {
		*w = append(*w, field+": "+fmt.Sprintf(format, args...))
	}
}

func (w *warnings) volume(v Volume, field string) {
	w.when(v.Label != nil && !v.AutoCreate, field+".label",
		"is not set without autoCreate: label the file system by hand, or the guest will not find it")
	w.when(v.AutoCreate && (v.ImageType == "vhd" || v.ImageType == "vhdx"), field+".imageType",
		"a missing image is created as \"raw\", not as %q", v.ImageType)
}

func (w *warnings) iface(in Interface, field string) {
	w.when(in.Type != "macvtap" && in.Macvtap != (Macvtap{}), field+".macvtap", "has no effect in type %q", in.Type)
	w.when(in.Type != "tap" && in.Tap.Vhost, field+".tap.vhost", "has no effect in type %q", in.Type)
}

// hasBareSpace is true for a kernel parameter with a space outside of quotes,
// where the kernel splits it.
func hasBareSpace(param string) bool {
	for i, part := range strings.Split(strings.TrimSpace(param), `"`) {
		if i%2 == 0 && strings.ContainsAny(part, " \t") {
			return true
		}
	}
	return false
}
