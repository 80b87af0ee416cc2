package runner

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func (q *qemuCommand) network() {
	forward := true
	for _, in := range q.s.Interfaces {
		q.opt("-netdev", q.netdev(in, netdevID(in), forward))
		q.opt("-device", q.nic(in))
		// The ports belong to the first user network only.
		forward = forward && in.Type != "user"
	}
}

// netdevID is the interface's id where QEMU takes it: QEMU's begin with a letter.
func netdevID(in Interface) string {
	if c := in.ID[0]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		return in.ID
	}
	return "net-" + in.ID
}

func (q *qemuCommand) netdev(in Interface, id string, forward bool) *qemuOpts {
	switch {
	case in.Type == "user":
		o := qemuOpt("user").with("id", id)
		if forward {
			q.forwardPorts(o)
		}
		return o
	case in.Type == "macvtap":
		fds := q.rt.FDs[in.ID]
		words := make([]string, len(fds))
		for i, fd := range fds {
			words[i] = strconv.Itoa(fd)
		}
		o := qemuOpt("tap").with("id", id)
		return o.when(len(fds) == 1, "fd", strings.Join(words, ":")).
			when(len(fds) != 1, "fds", strings.Join(words, ":"))
	case in.Type == "bridge" && !q.rt.Root():
		return qemuOpt("bridge").with("id", id).with("br", *in.Bridge).
			with("helper", q.rt.Tools["qemu-bridge-helper"].Path)
	}
	return qemuOpt("tap").with("id", id).with("ifname", in.ID).
		with("script", "no").with("downscript", "no").
		when(in.Tap.Vhost, "vhost", "on").
		when(q.s.queues() > 1, "queues", strconv.Itoa(q.s.queues()))
}

// queues is the number of queue pairs of a tap: one a CPU.
func (s *Spec) queues() int { return s.VCPU }

func (q *qemuCommand) nic(in Interface) *qemuOpts {
	o := qemuOpt(q.machine.device("virtio-net")).with("netdev", netdevID(in)).with("mac", in.MAC)
	if !q.machine.pci {
		return o
	}
	// No boot ROM: the kernel is given. The property exists on PCI only.
	o.with("romfile", "")
	multi := in.Type == "tap" || in.Type == "macvtap" || in.Type == "bridge" && q.rt.Root()
	if multi && q.s.queues() > 1 {
		o.with("mq", "on").with("vectors", strconv.Itoa(2*q.s.queues()+2))
	}
	return o
}

func (q *qemuCommand) forwardPorts(o *qemuOpts) {
	for _, f := range q.s.ForwardPorts {
		host := fmt.Sprintf("%s:%s:%d", f.Proto, f.Host.Address, f.Host.Port)
		guest := fmt.Sprintf("%s:%d", f.Guest.Address, f.Guest.Port)
		if f.From == "host" {
			o.with("hostfwd", host+"-"+guest)
			continue
		}
		// QEMU starts the command anew for each connection of the guest.
		to := Command{Path: q.rt.Self, Args: []string{"connect", f.Host.Address, strconv.Itoa(f.Host.Port)}}
		o.with("guestfwd", fmt.Sprintf("%s:%s-cmd:%s", f.Proto, guest, to))
	}
}

// spawns is true if QEMU starts programs itself.
func (q *qemuCommand) spawns() bool {
	helper := slices.ContainsFunc(q.s.Interfaces, func(in Interface) bool {
		return in.Type == "bridge" && !q.rt.Root()
	})
	return helper || slices.ContainsFunc(q.s.ForwardPorts, func(f ForwardPort) bool { return f.From == "guest" })
}
