package link

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// alias marks the interfaces that are ours.
const alias = "made by microvm"

// lookup returns nil when there is no such interface.
func lookup(name string) (netlink.Link, error) {
	found, err := netlink.LinkByName(name)
	var missing netlink.LinkNotFoundError
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("network interface %q: %w", name, err)
	}
	return found, nil
}

// lookupUplink finds an interface that must be there, and names those that would do when it is not.
func lookupUplink(name, what string, fits func(netlink.Link) bool) (netlink.Link, error) {
	found, err := lookup(name)
	if err != nil || found != nil && fits(found) {
		return found, err
	}
	all, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("network interfaces: %w", err)
	}
	var names []string
	for _, one := range all {
		if fits(one) {
			names = append(names, fmt.Sprintf("%q", one.Attrs().Name))
		}
	}
	there := "there is none"
	if len(names) > 0 {
		there = "there are: " + strings.Join(names, ", ")
	}
	return nil, fmt.Errorf("%q is no %s of this host (%s)", name, what, there)
}

func isOurs(l netlink.Link) bool { return l.Attrs().Alias == alias }

func isUp(l netlink.Link) bool { return l.Attrs().RawFlags&unix.IFF_UP != 0 }

// remover removes this very interface, not another that has got its name since.
func remover(l netlink.Link) func() error {
	name, index := l.Attrs().Name, l.Attrs().Index
	return func() error {
		found, err := lookup(name)
		if err != nil || found == nil || found.Attrs().Index != index {
			return err
		}
		if err := netlink.LinkDel(found); err != nil && !errors.Is(err, unix.ENODEV) {
			return fmt.Errorf("removing network interface %q: %w", name, err)
		}
		return nil
	}
}

func keep() error { return nil }

// failure adds the way out to a refusal by the kernel.
func failure(name string, commands []string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrPermission) {
		return &PrivilegeError{Name: name, Commands: commands, Err: err}
	}
	return fmt.Errorf("network interface %q: %w", name, err)
}
