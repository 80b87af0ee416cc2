package runner

import (
	"fmt"
	"strings"
)

// PanicError is a guest whose kernel panicked.
type PanicError struct{ Name string }

func (e *PanicError) Error() string { return fmt.Sprintf("the kernel of %q panicked", e.Name) }

// Hint says where to look.
func (e *PanicError) Hint() string {
	return "the reason is in the guest's console above; `console=` and `root=` in the kernel parameters are the usual ones"
}

// CrashError is a hypervisor that failed, with the end of what it said.
type CrashError struct {
	Process string
	Err     error
	Lines   []string
}

func (e *CrashError) Error() string {
	return fmt.Sprintf("%s failed: %v%s", e.Process, e.Err, quoteLines(e.Lines))
}

func (e *CrashError) Unwrap() error { return e.Err }

// crashHints maps what hypervisors say to what can be done about it.
var crashHints = []struct{ text, hint string }{
	{"failed to set MSR", "KVM does not work here: run `microvm doctor`, or use --accel tcg"},
	{"Could not access KVM", "this user may not use /dev/kvm: run `microvm doctor`, or use --accel tcg"},
	{"failed to initialize kvm", "KVM does not work here: run `microvm doctor`, or use --accel tcg"},
	{"Could not set up host forwarding rule", "the port was taken in the meantime: publish another one with -p"},
	{"Failed to get \"write\" lock", "another VM uses the image: stop it first"},
	{"unable to map backing store for guest RAM", "hugepageMem needs huge pages: sysctl vm.nr_hugepages=N, with 2 MiB each"},
	{"could not load PC BIOS", "this QEMU lacks qboot.rom: install the package qboot, or use the machine q35"},
	{"cannot set up guest memory", "the host has too little free memory: use a smaller --mem"},
	{"Cannot allocate memory", "the host has too little free memory: use a smaller --mem"},
	{"could not configure /dev/net/tun", "taps need CAP_NET_ADMIN: run as root, or use an interface of type user"},
	{"failed to open vhost device", "the host has no /dev/vhost-vsock: load the module vhost_vsock, or remove vsock.cid"},
	{"bridge helper failed", "allow the bridge in /etc/qemu/bridge.conf, and make qemu-bridge-helper setuid root"},
	{"aio=io_uring", "this QEMU was built without io_uring: use another with --host-tools"},
}

// Hint recognises the usual reasons.
func (e *CrashError) Hint() string {
	text := strings.Join(e.Lines, "\n")
	for _, h := range crashHints {
		if strings.Contains(text, h.text) {
			return h.hint
		}
	}
	return "`microvm plan` shows the command; run it by hand to see more"
}

// AccelError is an accelerator that seems to work, but does not run an ordinary
// kernel: the guest hangs before it, or the hypervisor gives up.
type AccelError struct{ Accel, Reason string }

func (e *AccelError) Error() string {
	return fmt.Sprintf("accelerator %q does not run this guest: %s", e.Accel, e.Reason)
}

// Hint is the way out.
func (e *AccelError) Hint() string { return "use --accel tcg" }

// accelFailure tells whether a hypervisor died of its accelerator.
func (e *CrashError) accelFailure() (reason string, failed bool) {
	for _, line := range e.Lines {
		if strings.Contains(strings.ToLower(line), "kvm") || strings.Contains(line, "MSR") {
			return line, true
		}
	}
	return "", false
}
