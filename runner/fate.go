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
	accel   string
}

func (e *CrashError) Error() string {
	return fmt.Sprintf("%s failed: %v%s", e.Process, e.Err, quoteLines(e.Lines))
}

func (e *CrashError) Unwrap() error { return e.Err }

// crashHints maps what hypervisors say to what can be done about it.
var crashHints = []struct{ text, hint string }{
	{"Could not access KVM", "this user may not use /dev/kvm: run `microvm doctor`, or use --accel tcg"},
	{"failed to initialize kvm", "KVM does not work here: run `microvm doctor`, or use --accel tcg"},
	{"Could not set up host forwarding rule", "the port was taken in the meantime: publish another one with -p"},
	{"Failed to get \"write\" lock", "another VM uses the image: stop it first"},
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

// HungError is a guest that never reached its kernel: the accelerator seems to
// work, but does not run ordinary kernels.
type HungError struct{ Accel, Reason string }

func (e *HungError) Error() string {
	return fmt.Sprintf("the guest hangs before its kernel starts, with accelerator %q: %s", e.Accel, e.Reason)
}

// Hint is the way out.
func (e *HungError) Hint() string { return "use --accel tcg" }
