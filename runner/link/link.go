// Package link makes the host's ends of virtual network cards, taps and macvtaps, through netlink.
//
// Interfaces made here carry an alias by which a later run knows them for its own: such a one that nobody uses is a
// leftover and made anew. Any other interface of the wanted name is used as it is if it fits, and never removed: an
// administrator may have made it for a user who could not.
package link

import (
	"fmt"
	"net"
	"strings"
)

// Tap is a virtual Ethernet card whose other end is a file descriptor of a hypervisor.
type Tap struct {
	Name       string
	Owner      *uint32 // uid that may attach; nil, with a nil Group, is the user of this process
	Group      *uint32 // gid that may attach; with an Owner too, a process needs both
	MultiQueue bool    // several queues; the hypervisor must ask for the same
	VNetHdr    bool    // frames carry offload headers
	Bridge     string  // an existing bridge to be a port of, "" for none
	MTU        int     // bytes, 0 for the kernel's default
}

// Macvtap is a card with a MAC address of its own on a physical card.
type Macvtap struct {
	Name  string
	Link  string  // the host's card
	Mode  string  // one of MacvtapModes
	MAC   string  // "" for a random one
	Owner *uint32 // uid to own the device node, nil to leave it
	Group *uint32 // gid to own the device node, nil to leave it
}

// MacvtapModes lists the values of Macvtap.Mode, as ip-link(8) has them.
func MacvtapModes() []string { return []string{"private", "vepa", "bridge", "passthru", "source"} }

const maxNameBytes = 15 // IFNAMSIZ less its zero

// CheckName reports what keeps name from naming a network interface. It is narrower than the kernel, which allows
// letters that no tool prints and makes another name out of one with a percent sign.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("network interface: the name is empty")
	case len(name) > maxNameBytes:
		return fmt.Errorf("network interface %q: the name has %d bytes, Linux takes %d", name, len(name), maxNameBytes)
	case name == "." || name == "..":
		return fmt.Errorf("network interface %q: the name is reserved", name)
	case name[0] == '-':
		return fmt.Errorf("network interface %q: the name must not begin with -", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("/:%", r) }):
		return fmt.Errorf("network interface %q: the name must be printable ASCII without spaces, '/', ':' and '%%'", name)
	}
	return nil
}

// Exists reports whether this network namespace has an interface of that name.
func Exists(name string) bool {
	_, err := net.InterfaceByName(name)
	return err == nil
}
