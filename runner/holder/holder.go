// Package holder names the processes that have a file open, so that "in use" can say by whom.
package holder

import "fmt"

// Process is one that has the file open.
type Process struct {
	PID  int
	Name string // the kernel's name for it, at most 15 bytes; chosen by that process, so quote it
}

// String is how errors mention the process; empty for the zero Process.
func (p Process) String() string {
	if p.PID == 0 {
		return ""
	}
	return fmt.Sprintf("process %d (%q)", p.PID, p.Name)
}
