package link

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"microvm/runner/holder"
)

// checkIdle finds out whether a process is attached, by what the kernel tells and then by attaching: the kernel does not
// tell of one that is attached to a single-queue tap which is down.
func (t Tap) checkIdle(found *netlink.Tuntap) error {
	if found.NonPersist || found.Queues > 0 || found.DisabledQueues > 0 {
		return &BusyError{Name: t.Name, Holder: tapHolder(t.Name)}
	}
	flags := uint16(found.Flags)&^unix.IFF_TUN_EXCL | unix.IFF_TAP
	fd, err := attach(t.Name, flags)
	if errors.Is(err, unix.EBUSY) {
		return &BusyError{Name: t.Name, Holder: tapHolder(t.Name)}
	}
	if err != nil {
		return failure(t.Name, t.remake(), err)
	}
	return unix.Close(fd)
}

// tapHolder finds the process by the line that the tun driver adds to what /proc tells of a descriptor.
func tapHolder(name string) holder.Process {
	for _, process := range holder.Of(tunDevice) {
		infos, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", process.PID))
		if err != nil {
			continue
		}
		for _, info := range infos {
			text, err := os.ReadFile(info)
			if err == nil && strings.Contains(string(text), "\niff:\t"+name+"\n") {
				return process
			}
		}
	}
	return holder.Process{}
}

// adopt makes do with a tap that somebody else made.
func (t Tap) adopt(found *netlink.Tuntap, bridge netlink.Link) (func() error, error) {
	if has := found.Flags&unix.IFF_MULTI_QUEUE != 0; has != t.MultiQueue {
		return nil, &hinted{
			err:  fmt.Errorf("network interface %q is there with multi_queue %s and is needed with it %s", t.Name, onOff(has), onOff(t.MultiQueue)),
			hint: (&PrivilegeError{Commands: t.remake()}).Hint(),
		}
	}
	if err := t.connect(found, bridge); err != nil {
		return nil, failure(t.Name, t.Commands()[1:], err)
	}
	return keep, nil
}

func (t Tap) remake() []string {
	return append([]string{"ip link delete dev " + quote(t.Name)}, t.Commands()...)
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
