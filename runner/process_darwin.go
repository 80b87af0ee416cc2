package runner

import "syscall"

// childAttr gives a child its own process group, so that Ctrl-C is ours alone.
// macOS has no parent-death signal.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
