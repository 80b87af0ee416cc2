//go:build linux

package main

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"

	"microvm/testscripts/guest/init/cmdline"
)

// address is what IF:CIDR[:GATEWAY] says.
type address struct {
	link    string
	prefix  netip.Prefix
	gateway netip.Addr
}

// parseAddress finds the colon before the gateway behind the prefix length, as
// IPv6 addresses have colons too.
func parseAddress(text string) (address, error) {
	link, rest, _ := strings.Cut(text, ":")
	ip, rest, _ := strings.Cut(rest, "/")
	bits, gateway, hasGateway := strings.Cut(rest, ":")
	prefix, err := netip.ParsePrefix(ip + "/" + bits)
	if link == "" || err != nil {
		return address{}, fmt.Errorf("address %q: expected IF:CIDR[:GATEWAY]", text)
	}
	a := address{link: link, prefix: prefix}
	if hasGateway {
		if a.gateway, err = netip.ParseAddr(gateway); err != nil {
			return address{}, fmt.Errorf("gateway of %q: %w", text, err)
		}
	}
	return a, nil
}

func (g *guest) setIP(p cmdline.Param) error {
	a, err := parseAddress(p.Value)
	if err != nil {
		return err
	}
	if err := a.apply(); err != nil {
		return fmt.Errorf("network interface %q: %w", a.link, err)
	}
	gateway := "none"
	if a.gateway.IsValid() {
		gateway = a.gateway.String()
	}
	g.say("ip=%s address=%s gateway=%s", a.link, a.prefix, gateway)
	return nil
}

func (a address) apply() error {
	link, err := netlink.LinkByName(a.link)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return err
	}
	ip := &net.IPNet{IP: a.prefix.Addr().AsSlice(), Mask: net.CIDRMask(a.prefix.Bits(), a.prefix.Addr().BitLen())}
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: ip}); err != nil {
		return err
	}
	if !a.gateway.IsValid() {
		return nil
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: a.gateway.AsSlice()})
}

func setLoopback() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	return netlink.LinkSetUp(lo)
}

// serveHTTP greets whoever asks. It speaks just enough HTTP for curl: net/http
// would double the init, and so the time it takes to unpack it.
func (g *guest) serveHTTP(p cmdline.Param) error {
	if _, err := strconv.ParseUint(p.Value, 10, 16); err != nil {
		return fmt.Errorf("%s %q: expected a port", p.Key, p.Value)
	}
	listener, err := net.Listen("tcp", ":"+p.Value)
	if err != nil {
		return err
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				g.check(err)
				return
			}
			go greet(conn, "hello from "+name+"\n")
		}
	}()
	g.say("http=%s", p.Value)
	return nil
}

// greet reads the request first: closing a socket with unread bytes resets it,
// and the answer is lost.
func greet(conn net.Conn, body string) {
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan() && lines.Text() != ""; {
	}
	fmt.Fprintf(conn, "HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func (g *guest) reportLinks() error {
	for _, link := range entries("/sys/class/net", "") {
		if link == "lo" {
			continue
		}
		dir := filepath.Join("/sys/class/net", link)
		driver, err := os.Readlink(filepath.Join(dir, "device/driver"))
		if err != nil {
			return fmt.Errorf("driver of %s: %w", link, err)
		}
		g.say("nic=%s mac=%s driver=%s mtu=%s", link, sysfs(dir, "address"), filepath.Base(driver), sysfs(dir, "mtu"))
	}
	return nil
}
