package runner

import (
	"fmt"
	"slices"
	"strings"
)

// Caps is what a hypervisor can do.
type Caps struct {
	// Name is how users choose it.
	Name string
	// Program is its file name, in which ARCH stands for the guest's.
	Program string
	// Newest is the newest version that the backend was checked against.
	Newest Version
	// HostOS are the operating systems it runs on, as GOOS has them.
	HostOS []string
	// Accels are the accelerators it can use: kvm, hvf, tcg.
	Accels []string
	// Features are what a spec may ask of it.
	Features []Feature
	// OwnVirtiofs is set if it shares directories by virtiofs itself, without
	// virtiofsd.
	OwnVirtiofs bool
	// Terminal is set if its stdin has to be a terminal.
	Terminal bool
}

// checkHost refuses a host on which the hypervisor does not exist.
func (c Caps) checkHost(f Facts) error {
	if len(c.HostOS) == 0 || f.System == "" || slices.Contains(c.HostOS, f.OS()) {
		return nil
	}
	return fmt.Errorf("hypervisor: %s runs on %s only, and this host is %s", c.Name, strings.Join(c.HostOS, " and "), f.System)
}

// program is the file name of a tool in the spec: this hypervisor's, or the
// tool's own.
func (c Caps) program(tool, guestSystem string) string {
	if tool == c.Name {
		return strings.ReplaceAll(c.Program, "ARCH", Arch(guestSystem))
	}
	return tool
}

// accept refuses a hypervisor that cannot use what the host has. A plan that is
// only read may assume a better host.
func (c Caps) accept(a Accel, assume bool) (Accel, error) {
	if slices.Contains(c.Accels, a.Kind) {
		return a, nil
	}
	if assume {
		return Accel{Kind: c.Accels[0], Reason: fmt.Sprintf("assumed, because %s does nothing without it; here: %s", c.Name, a.Reason)}, nil
	}
	return a, hinted(fmt.Errorf("%s needs %s: %s", c.Name, strings.Join(c.Accels, " or "), orElse(a.Reason, "--accel "+a.Kind+" was asked for")),
		"use --hypervisor qemu, which can emulate")
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// Feature is something that a spec can ask for and not every hypervisor has.
type Feature string

// The features, worded to follow "does not support".
const (
	FeatureCPUModel       Feature = "emulating another CPU model"
	FeatureRunAs          Feature = "switching to another user"
	FeatureHugepages      Feature = "huge pages"
	FeatureHotplugMem     Feature = "memory hotplug"
	FeatureBalloon        Feature = "a balloon"
	FeatureInitialBalloon Feature = "an initial balloon size"
	FeatureDiskSerial     Feature = "disk serial numbers"
	FeatureDirectIO       Feature = "direct I/O"
	FeatureQcow2          Feature = "qcow2 images"
	FeatureVHD            Feature = "vhd images"
	FeatureVHDX           Feature = "vhdx images"
	Feature9P             Feature = "9p shares"
	FeatureVirtiofs       Feature = "virtiofs shares"
	FeatureReadOnlyShare  Feature = "read-only shares"
	FeatureUserNet        Feature = "user networking"
	FeatureForwardPorts   Feature = "forwarded ports"
	FeatureTap            Feature = "tap interfaces"
	FeatureTapVhost       Feature = "vhost-net"
	FeatureMacvtap        Feature = "macvtap interfaces"
	FeatureBridge         Feature = "bridge interfaces"
	FeaturePCI            Feature = "PCI devices"
	FeatureUSB            Feature = "USB devices"
	FeatureVsock          Feature = "vsock"
	FeatureGraphics       Feature = "graphics"
	FeatureVulkan         Feature = "Vulkan"
	FeatureCredentials    Feature = "credentials"
	FeatureRosetta        Feature = "Rosetta"
)

// Need is one wish of a spec.
type Need struct {
	Feature Feature
	// Field is where the spec says so.
	Field string
}

// Needs lists what the spec asks of a hypervisor.
func (s *Spec) Needs() []Need {
	var n needs
	n.when(s.CPU != nil, FeatureCPUModel, "cpu")
	n.when(s.User != nil, FeatureRunAs, "user")
	n.when(s.HugepageMem, FeatureHugepages, "hugepageMem")
	n.when(s.HotplugMem > 0, FeatureHotplugMem, "hotplugMem")
	n.when(s.Balloon, FeatureBalloon, "balloon")
	n.when(s.InitialBalloonMem > 0, FeatureInitialBalloon, "initialBalloonMem")
	n.when(s.Vsock.CID != nil, FeatureVsock, "vsock.cid")
	n.when(s.Graphics.Enable, FeatureGraphics, "graphics.enable")
	n.when(s.Graphics.Enable && s.Graphics.Vulkan != nil, FeatureVulkan, "graphics.vulkan")
	n.when(len(s.CredentialFiles) > 0, FeatureCredentials, "credentialFiles")
	n.when(len(s.ForwardPorts) > 0, FeatureForwardPorts, "forwardPorts")
	n.when(s.Hypervisor == "vfkit" && s.Vfkit.Rosetta.Enable, FeatureRosetta, "vfkit.rosetta.enable")
	for i, v := range s.Volumes {
		n.volume(v, fmt.Sprintf("volumes[%d]", i))
	}
	for i, sh := range s.Shares {
		n.share(sh, fmt.Sprintf("shares[%d]", i))
	}
	for i, in := range s.Interfaces {
		n.iface(in, fmt.Sprintf("interfaces[%d]", i))
	}
	for i, d := range s.Devices {
		field := fmt.Sprintf("devices[%d]", i)
		n.when(d.Bus == "pci", FeaturePCI, field)
		n.when(d.Bus == "usb", FeatureUSB, field)
	}
	return n
}

type needs []Need

func (n *needs) when(wanted bool, f Feature, field string) {
	if wanted {
		*n = append(*n, Need{f, field})
	}
}

func (n *needs) volume(v Volume, field string) {
	n.when(v.Serial != nil, FeatureDiskSerial, field+".serial")
	n.when(v.Direct, FeatureDirectIO, field+".direct")
	n.when(v.ImageType == "qcow2", FeatureQcow2, field+".imageType")
	n.when(v.ImageType == "vhd", FeatureVHD, field+".imageType")
	n.when(v.ImageType == "vhdx", FeatureVHDX, field+".imageType")
}

func (n *needs) share(s Share, field string) {
	n.when(s.Proto == "9p", Feature9P, field+".proto")
	n.when(s.Proto == "virtiofs", FeatureVirtiofs, field+".proto")
	n.when(s.ReadOnly, FeatureReadOnlyShare, field+".readOnly")
}

func (n *needs) iface(i Interface, field string) {
	n.when(i.Type == "user", FeatureUserNet, field+".type")
	n.when(i.Type == "tap", FeatureTap, field+".type")
	n.when(i.Type == "macvtap", FeatureMacvtap, field+".type")
	n.when(i.Type == "bridge", FeatureBridge, field+".type")
	n.when(i.Tap.Vhost, FeatureTapVhost, field+".tap.vhost")
}
