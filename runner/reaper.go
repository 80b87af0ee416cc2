package runner

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// The kernel forgets the parent-death signal of a process that changes its user.
// A hypervisor that does so is ended by a small process of ours instead, which
// waits for our end of a pipe to close.

// startReaper watches over a hypervisor that switches users.
func (vm *VM) startReaper() error {
	if !vm.plan.switchesUser {
		return nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("reaper: %w", err)
	}
	defer r.Close()
	args := []string{ReaperCommand, strconv.Itoa(vm.Pid())}
	for _, r := range vm.plan.Resources {
		if s, ok := r.(*Socket); ok {
			args = append(args, s.Path)
		}
	}
	cmd := exec.Command(vm.plan.self, args...)
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("reaper: %w", err), w.Close())
	}
	vm.undos = append(vm.undos, func() error { return errors.Join(w.Close(), cmd.Wait()) })
	return nil
}

// ReaperCommand is the hidden command of this program that calls Reap.
const ReaperCommand = "reap"

// Reap waits until the input ends, and then, if the process with that number
// still runs, ends it and removes its sockets, which it may not be allowed to.
func Reap(input io.Reader, pid int, sockets []string) error {
	p, err := os.FindProcess(pid)
	if err != nil || p.Pid <= 1 {
		return fmt.Errorf("reap process %d: %w", pid, err)
	}
	// On Linux this holds the process itself, not its number.
	defer p.Release()
	if _, err := io.Copy(io.Discard, input); err != nil {
		return fmt.Errorf("reap process %d: %w", pid, err)
	}
	if p.Signal(syscall.SIGTERM) != nil {
		return nil
	}
	if !gone(p, hypervisorPatience) {
		_ = p.Signal(syscall.SIGKILL)
		gone(p, hypervisorPatience)
	}
	var errs []error
	for _, path := range sockets {
		errs = append(errs, (&Socket{Path: path}).remove())
	}
	return errors.Join(errs...)
}

// gone waits for a process that is not a child, which has no event but its
// number's.
func gone(p *os.Process, patience time.Duration) bool {
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	deadline := time.After(patience)
	for p.Signal(syscall.Signal(0)) == nil {
		select {
		case <-ticks.C:
		case <-deadline:
			return false
		}
	}
	return true
}
