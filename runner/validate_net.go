package runner

import (
	"net/netip"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

var (
	// interfacePattern is what the kernel accepts as a name (IFNAMSIZ is 16 with
	// the NUL), without "%", with which the kernel would choose another name.
	interfacePattern = regexp.MustCompile(`^[!-$&-.0-9;-~]{1,15}$`)
	macPattern       = regexp.MustCompile(`^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$`)
)

func (s *Spec) checkInterfaces(p *problems) {
	ids, macs := owners{}, owners{}
	for i, in := range s.Interfaces {
		field := index("interfaces", i)
		checkInterfaceName(p, field+".id", in.ID)
		checkMAC(p, field+".mac", in.MAC)
		// Equal ids explain equal addresses, which are derived from them.
		if ids.claim(p, field+".id", in.ID, in.ID) {
			macs.claim(p, field+".mac", strings.ToLower(in.MAC), in.MAC)
		}
		in.checkBridge(p, field+".bridge")
		in.checkMacvtap(p, field+".macvtap")
	}
}

func checkInterfaceName(p *problems, field, name string) {
	p.unless(interfacePattern.MatchString(name) && name != "." && name != "..", field,
		`%q is not an interface name: use 1 to 15 characters without "/", ":", "%%" and spaces`, name)
}

// checkMAC refuses what no single interface can have.
func checkMAC(p *problems, field, mac string) {
	if !macPattern.MatchString(mac) {
		p.add(field, "%q is not a MAC address: use six pairs of hexadecimal digits, such as \"02:00:00:00:00:01\"", mac)
		return
	}
	p.unless(!strings.ContainsAny(mac[1:2], "13579bBdDfF"), field,
		"%q is a multicast address: use one whose first byte is even, such as \"02%s\"", mac, mac[2:])
	p.unless(strings.Trim(mac, "0:") != "", field, "%q is no address: use another, or leave it out", mac)
}

func (in *Interface) checkBridge(p *problems, field string) {
	switch {
	case in.Type != "bridge":
		p.unless(in.Bridge == nil, field, "is for interfaces of type \"bridge\", but this one has type %q", in.Type)
	case in.Bridge == nil:
		p.add(field, "is missing: name the host's bridge")
	default:
		checkInterfaceName(p, field, *in.Bridge)
	}
}

// checkMacvtap ignores the section in other types, as microvm.nix does:
// Warnings says so.
func (in *Interface) checkMacvtap(p *problems, field string) {
	if in.Type != "macvtap" {
		return
	}
	if in.Macvtap.Link == "" {
		p.add(field+".link", "is missing: name the host's interface to attach to")
	} else {
		checkInterfaceName(p, field+".link", in.Macvtap.Link)
	}
	if in.Macvtap.Mode == "" {
		mode, _ := reflect.TypeFor[Macvtap]().FieldByName("Mode")
		p.add(field+".mode", "is missing: use one of %s", strings.Join(enumOf(mode), ", "))
	}
}

func (s *Spec) checkForwardPorts(p *problems) {
	if len(s.ForwardPorts) == 0 {
		return
	}
	hasUser := slices.ContainsFunc(s.Interfaces, func(in Interface) bool { return in.Type == "user" })
	p.unless(hasUser, "forwardPorts", "there is no interface of type \"user\" to forward through: add one to interfaces")
	for i, f := range s.ForwardPorts {
		field := index("forwardPorts", i)
		f.Host.check(p, field+".host")
		f.Guest.check(p, field+".guest")
		if f.From == "guest" {
			p.unless(f.Guest.Address != "", field+".guest.address",
				"is missing: give the address that the guest connects to, such as \"10.0.2.100\"")
		}
		for j, earlier := range s.ForwardPorts[:i] {
			if f.clashes(earlier) {
				p.add(field, "%s port %d of the %s is used twice, already by %s",
					f.Proto, f.listener().Port, f.From, index("forwardPorts", j))
				break
			}
		}
	}
}

func (e Endpoint) check(p *problems, field string) {
	p.between(field+".port", int64(e.Port), 1, 1<<16-1)
	if e.Address == "" {
		return
	}
	addr, err := netip.ParseAddr(e.Address)
	p.unless(err == nil && addr.Is4(), field+".address",
		"%q is not an IPv4 address: use one such as \"127.0.0.1\", or leave it out for any", e.Address)
}

// listener is the end that connections are made to.
func (f ForwardPort) listener() Endpoint {
	if f.From == "guest" {
		return f.Guest
	}
	return f.Host
}

func (f ForwardPort) clashes(other ForwardPort) bool {
	a, b := f.listener(), other.listener()
	return f.From == other.From && f.Proto == other.Proto && a.Port == b.Port &&
		(a.isAny() || b.isAny() || a.Address == b.Address)
}

func (e Endpoint) isAny() bool { return e.Address == "" || e.Address == "0.0.0.0" }

// listenPath is where a process of the VM listens.
type listenPath struct {
	field, path string
	// origin is the field that the path is derived from unless it is given.
	origin string
}

func (s *Spec) listenPaths() []listenPath {
	var paths []listenPath
	if s.Socket != nil {
		paths = append(paths, listenPath{"socket", *s.Socket, "name"})
	}
	for i, sh := range s.Shares {
		if sh.Proto == "virtiofs" && sh.Socket != nil {
			field := index("shares", i)
			paths = append(paths, listenPath{field + ".socket", *sh.Socket, field + ".tag"})
		}
	}
	if s.Graphics.Enable {
		paths = append(paths, listenPath{"graphics.socket", s.Graphics.Socket, "name"})
	}
	return paths
}

func (s *Spec) checkSockets(p *problems) {
	taken := owners{}
	for _, l := range s.listenPaths() {
		switch {
		case p.has(l.origin):
		case l.path == "":
			p.add(l.field, "is empty: leave it out for the default")
		default:
			p.unless(!escapes(l.path), l.field, "%q leaves the VM's directory: use an absolute path", l.path)
			taken.claim(p, l.field, path.Clean(l.path), l.path)
		}
	}
}
