package link

import (
	"errors"
	"fmt"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Up makes the tap and sets it up, or takes one that is there and fits. undo removes what Up made, may be called any
// number of times and is not nil when err is. See [BusyError] and [PrivilegeError].
func (t Tap) Up() (undo func() error, err error) {
	bridge, err := t.bridge()
	if err := errors.Join(CheckName(t.Name), err); err != nil {
		return nil, err
	}
	t = t.owned()
	found, err := lookup(t.Name)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return t.create(bridge)
	}
	tap, ok := found.(*netlink.Tuntap)
	if !ok || tap.Mode != netlink.TUNTAP_MODE_TAP {
		return nil, fmt.Errorf("network interface %q is there already and is no tap", t.Name)
	}
	if err := t.checkIdle(tap); err != nil {
		return nil, err
	}
	if !isOurs(tap) {
		return t.adopt(tap, bridge)
	}
	if err := failure(t.Name, []string{"ip link delete dev " + quote(t.Name)}, remover(tap)()); err != nil {
		return nil, err
	}
	return t.create(bridge)
}

// owned keeps the kernel from letting everybody in.
func (t Tap) owned() Tap {
	if t.Owner == nil && t.Group == nil {
		uid := uint32(os.Getuid())
		t.Owner = &uid
	}
	return t
}

// bridge is nil when none is wanted.
func (t Tap) bridge() (netlink.Link, error) {
	if t.Bridge == "" {
		return nil, nil
	}
	if err := CheckName(t.Bridge); err != nil {
		return nil, err
	}
	return lookupUplink(t.Bridge, "bridge", func(l netlink.Link) bool { return l.Type() == "bridge" })
}

func (t Tap) flags() uint16 {
	flags := uint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if t.VNetHdr {
		flags |= unix.IFF_VNET_HDR
	}
	if t.MultiQueue {
		flags |= unix.IFF_MULTI_QUEUE
	}
	return flags
}

// create keeps the tap attached while it is configured: until it is made persistent, which comes last, the end of this
// process removes it.
func (t Tap) create(bridge netlink.Link) (func() error, error) {
	fd, err := attach(t.Name, t.flags()|unix.IFF_TUN_EXCL)
	if errors.Is(err, unix.EBUSY) {
		return nil, &BusyError{Name: t.Name, Holder: tapHolder(t.Name)}
	}
	if err != nil {
		return nil, failure(t.Name, t.Commands(), err)
	}
	defer unix.Close(fd)
	made, err := lookup(t.Name)
	if err != nil {
		return nil, err
	}
	if made == nil {
		return nil, fmt.Errorf("network interface %q vanished while it was made", t.Name)
	}
	if err := t.configure(fd, made, bridge); err != nil {
		return nil, failure(t.Name, t.Commands(), err)
	}
	return remover(made), nil
}

func (t Tap) configure(fd int, made, bridge netlink.Link) error {
	steps := []func() error{
		func() error { return netlink.LinkSetAlias(made, alias) },
		func() error { return own(fd, unix.TUNSETOWNER, t.Owner) },
		func() error { return own(fd, unix.TUNSETGROUP, t.Group) },
		func() error { return t.connect(made, bridge) },
		func() error { return os.NewSyscallError("TUNSETPERSIST", unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1)) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// connect sets only what differs, so that it needs no privilege on a tap that was made right.
func (t Tap) connect(l, bridge netlink.Link) error {
	if t.MTU != 0 && l.Attrs().MTU != t.MTU {
		if err := netlink.LinkSetMTU(l, t.MTU); err != nil {
			return fmt.Errorf("setting an MTU of %d: %w", t.MTU, err)
		}
	}
	if bridge != nil && l.Attrs().MasterIndex != bridge.Attrs().Index {
		if err := netlink.LinkSetMaster(l, bridge); err != nil {
			return fmt.Errorf("adding it to the bridge %q: %w", t.Bridge, err)
		}
	}
	if isUp(l) {
		return nil
	}
	return netlink.LinkSetUp(l)
}

func own(fd int, request uint, id *uint32) error {
	if id == nil {
		return nil
	}
	if err := unix.IoctlSetInt(fd, request, int(*id)); err != nil {
		return fmt.Errorf("giving it to user or group %d: %w", *id, err)
	}
	return nil
}

// attach opens one queue of the tap, which is made if need be and IFF_TUN_EXCL does not ask for a new one.
func attach(name string, flags uint16) (fd int, err error) {
	fd, err = unix.Open(tunDevice, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: tunDevice, Err: err}
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(flags)
		err = os.NewSyscallError("TUNSETIFF", unix.IoctlIfreq(fd, unix.TUNSETIFF, request))
	}
	if err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}
