package link

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/vishvananda/netlink"

	"microvm/runner/holder"
)

// Up makes the macvtap and sets it up, or takes one that is there and fits. undo removes what Up made, may be called
// any number of times and is not nil when err is. See [BusyError] and [PrivilegeError].
func (m Macvtap) Up() (undo func() error, err error) {
	want, err := m.netlink()
	if err != nil {
		return nil, err
	}
	found, err := lookup(m.Name)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return m.create(want)
	}
	macvtap, ok := found.(*netlink.Macvtap)
	if !ok {
		return nil, fmt.Errorf("network interface %q is there already and is no macvtap", m.Name)
	}
	if err := m.checkIdle(macvtap); err != nil {
		return nil, err
	}
	if !isOurs(macvtap) {
		return m.adopt(macvtap, want)
	}
	if err := failure(m.Name, m.remake()[:1], remover(macvtap)()); err != nil {
		return nil, err
	}
	return m.create(want)
}

// netlink checks everything and says it in the kernel's terms.
func (m Macvtap) netlink() (*netlink.Macvtap, error) {
	modes := map[string]netlink.MacvlanMode{
		"private": netlink.MACVLAN_MODE_PRIVATE, "vepa": netlink.MACVLAN_MODE_VEPA, "bridge": netlink.MACVLAN_MODE_BRIDGE,
		"passthru": netlink.MACVLAN_MODE_PASSTHRU, "source": netlink.MACVLAN_MODE_SOURCE,
	}
	errs := []error{CheckName(m.Name)}
	mode, known := modes[m.Mode]
	if !known {
		errs = append(errs, fmt.Errorf("network interface %q: unknown macvtap mode %q (known: %s)",
			m.Name, m.Mode, strings.Join(MacvtapModes(), ", ")))
	}
	mac, err := m.mac()
	errs = append(errs, err)
	card, err := m.card()
	if errs = append(errs, err); errors.Join(errs...) != nil {
		return nil, errors.Join(errs...)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.ParentIndex, attrs.HardwareAddr = m.Name, card.Attrs().Index, mac
	return &netlink.Macvtap{Macvlan: netlink.Macvlan{LinkAttrs: attrs, Mode: mode}}, nil
}

func (m Macvtap) mac() (net.HardwareAddr, error) {
	if m.MAC == "" {
		return nil, nil
	}
	mac, err := net.ParseMAC(m.MAC)
	if err != nil || len(mac) != 6 {
		return nil, fmt.Errorf("network interface %q: %q is no MAC address like 02:00:00:00:00:01", m.Name, m.MAC)
	}
	return mac, nil
}

func (m Macvtap) card() (netlink.Link, error) {
	if err := CheckName(m.Link); err != nil {
		return nil, err
	}
	return lookupUplink(m.Link, "network card", func(l netlink.Link) bool {
		return l.Attrs().EncapType == "ether" && l.Type() != "macvtap"
	})
}

func (m Macvtap) create(want *netlink.Macvtap) (func() error, error) {
	if err := netlink.LinkAdd(want); err != nil {
		return nil, failure(m.Name, m.Commands(), err)
	}
	made, err := lookup(m.Name)
	if err != nil {
		return nil, err
	}
	if made == nil {
		return nil, fmt.Errorf("network interface %q vanished while it was made", m.Name)
	}
	undo := remover(made)
	if err := m.configure(made); err != nil {
		return nil, errors.Join(failure(m.Name, m.Commands(), err), undo())
	}
	return undo, nil
}

func (m Macvtap) configure(made netlink.Link) error {
	steps := []func() error{
		func() error { return netlink.LinkSetAlias(made, alias) },
		func() error { return netlink.LinkSetAllmulticastOn(made) },
		func() error { return disableIPv6(m.Name) },
		func() error { return netlink.LinkSetUp(made) },
		func() error { return m.chown(made) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// disableIPv6 keeps the host itself from taking an address on the guest's card.
func disableIPv6(name string) error {
	f, err := os.OpenFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a kernel without IPv6
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString("1")
	return errors.Join(err, f.Close())
}

// adopt makes do with a macvtap that somebody else made.
func (m Macvtap) adopt(found, want *netlink.Macvtap) (func() error, error) {
	if !fits(found, want) {
		return nil, &hinted{
			err:  fmt.Errorf("network interface %q is there already with another link, mode or MAC address", m.Name),
			hint: (&PrivilegeError{Commands: m.remake()}).Hint(),
		}
	}
	if !isUp(found) {
		if err := netlink.LinkSetUp(found); err != nil {
			return nil, failure(m.Name, m.Commands()[2:3], err)
		}
	}
	return keep, nil
}

func fits(found, want *netlink.Macvtap) bool {
	has, wants := found.Attrs(), want.Attrs()
	// In mode passthru it has the card's MAC address, whatever was asked for, and takes frames for all.
	sameMAC := wants.HardwareAddr == nil || want.Mode == netlink.MACVLAN_MODE_PASSTHRU ||
		bytes.Equal(has.HardwareAddr, wants.HardwareAddr)
	return has.ParentIndex == wants.ParentIndex && found.Mode == want.Mode && sameMAC
}

func (m Macvtap) checkIdle(found netlink.Link) error {
	node, err := findNode(found)
	if err != nil {
		return err
	}
	holders := holder.Of(node.path)
	if err := node.release(); err != nil {
		return err
	}
	if len(holders) > 0 {
		return &BusyError{Name: m.Name, Holder: holders[0]}
	}
	return nil
}

func (m Macvtap) remake() []string {
	return append([]string{"ip link delete dev " + quote(m.Name)}, m.Commands()...)
}
