package link

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

const tunDevice = "/dev/net/tun"

// CanCreate reports what keeps this process from making the tap: the capability CAP_NET_ADMIN, or the device of
// the tun driver. It tries nothing out, so a container may still refuse. The error is a [*PrivilegeError] or has a hint of
// its own.
func (t Tap) CanCreate() error {
	f, err := os.OpenFile(tunDevice, os.O_RDWR, 0)
	if err == nil {
		err = f.Close()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &hinted{err: err, hint: "load the driver: modprobe tun; for a container, pass the device in: --device " + tunDevice}
	}
	if err != nil {
		return failure(t.Name, append([]string{"chmod 666 " + tunDevice}, t.owned().Commands()...), err)
	}
	return failure(t.Name, t.owned().Commands(), netAdmin())
}

// CanCreate reports whether this process lacks CAP_NET_ADMIN, as a [*PrivilegeError].
func (m Macvtap) CanCreate() error { return failure(m.Name, m.Commands(), netAdmin()) }

func netAdmin() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	if sets[0].Effective&(1<<unix.CAP_NET_ADMIN) == 0 {
		return fmt.Errorf("making network interfaces takes CAP_NET_ADMIN: %w", fs.ErrPermission)
	}
	return nil
}
