package runner

import "syscall"

// childAttr gives a child its own process group, so that Ctrl-C is ours alone,
// and ends it when we die, however we die. It is SIGTERM, on which hypervisors
// flush their disks and remove their sockets.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
