package link

import (
	"fmt"
	"strings"

	"microvm/runner/holder"
)

// BusyError says that a process uses the interface.
type BusyError struct {
	Name   string
	Holder holder.Process // zero when it cannot be seen
}

func (e *BusyError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("network interface %q is in use", e.Name)
	}
	return fmt.Sprintf("network interface %q is in use by %s", e.Name, e.Holder)
}

// Hint says what to do about it.
func (e *BusyError) Hint() string {
	return "another VM has this interface: stop that one, or give this one an interface id of its own"
}

// PrivilegeError says that only an administrator can make the interface, or make it fit.
type PrivilegeError struct {
	Name     string
	Commands []string // what the administrator can run once
	Err      error
}

func (e *PrivilegeError) Error() string {
	return fmt.Sprintf("network interface %q: no permission: %v", e.Name, e.Err)
}

func (e *PrivilegeError) Unwrap() error { return e.Err }

// Hint gives the commands.
func (e *PrivilegeError) Hint() string {
	return "run once as root:\n  " + strings.Join(e.Commands, "\n  ")
}

type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }
func (h *hinted) Hint() string  { return h.hint }
