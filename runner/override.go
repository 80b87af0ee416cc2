package runner

import (
	"fmt"
	"strings"
)

// Overrides are what the host wants of a VM, whatever the guest's own
// configuration says. None of them rebuilds the guest.
type Overrides struct {
	Hypervisor string
	// Mem is the RAM in MiB; 0 leaves the guest's.
	Mem int
	// VCPU is the number of virtual CPUs; 0 leaves the guest's.
	VCPU int
	// Publish are ports to forward from the host.
	Publish []ForwardPort
	// Volumes are further disks.
	Volumes []Volume
	// Shares are further directories, mounted by systemd in the guest.
	Shares []Share
	// KernelParams are appended.
	KernelParams []string
}

// Apply returns a changed copy of the spec, and a note for each change.
func (o Overrides) Apply(s *Spec) (*Spec, []string) {
	c := s.Clone()
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if o.Hypervisor != "" && o.Hypervisor != c.Hypervisor {
		note("hypervisor: the host chose %s, the guest asks for %s", o.Hypervisor, c.Hypervisor)
		c.Hypervisor = o.Hypervisor
	}
	if o.Mem > 0 && o.Mem != c.Mem {
		note("mem: the host chose %d MiB, the guest asks for %d MiB", o.Mem, c.Mem)
		c.Mem = o.Mem
	}
	if o.VCPU > 0 && o.VCPU != c.VCPU {
		note("vcpu: the host chose %d, the guest asks for %d", o.VCPU, c.VCPU)
		c.VCPU = o.VCPU
	}
	if len(o.Publish) > 0 {
		c.Interfaces = withUserNet(c, note)
		c.ForwardPorts = append(c.ForwardPorts, o.Publish...)
		for _, f := range o.Publish {
			note("forwardPorts: the host forwards %s to the guest's port %d", f.Host, f.Guest.Port)
		}
	}
	for _, v := range o.Volumes {
		note("volumes: the host adds %s", v.Image)
		c.Volumes = append(c.Volumes, v)
	}
	for _, sh := range o.Shares {
		sh.complete(c.Name)
		note("shares: the host mounts %s on %s by systemd.mount-extra", sh.Source, sh.MountPoint)
		c.Shares = append(c.Shares, sh)
		c.Boot.KernelParams = append(c.Boot.KernelParams, sh.mountParam())
	}
	if len(o.KernelParams) > 0 {
		note("kernelParams: the host adds %s", strings.Join(o.KernelParams, " "))
		c.Boot.KernelParams = append(c.Boot.KernelParams, o.KernelParams...)
	}
	return c, notes
}

// withUserNet adds a user network if there is none to forward ports of.
func withUserNet(s *Spec, note func(string, ...any)) []Interface {
	for _, in := range s.Interfaces {
		if in.Type == "user" {
			return s.Interfaces
		}
	}
	in := Interface{Type: "user", ID: "publish"}
	in.complete(s.identity())
	note("interfaces: the host adds a user network, to publish ports of")
	return append(s.Interfaces, in)
}

// mountParam makes systemd (254 or later) mount the share in the guest, which
// knows nothing of it.
func (s Share) mountParam() string {
	options := "defaults"
	if s.Proto == "9p" {
		options = "trans=virtio,version=9p2000.L,msize=65536"
	}
	if s.ReadOnly {
		options += ",ro"
	}
	return fmt.Sprintf("systemd.mount-extra=%s:%s:%s:%s", s.Tag, s.MountPoint, s.Proto, options)
}

// String is ADDRESS:PORT, or the port alone.
func (e Endpoint) String() string {
	if e.Address == "" {
		return fmt.Sprintf("port %d", e.Port)
	}
	return fmt.Sprintf("%s:%d", e.Address, e.Port)
}
