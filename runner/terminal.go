package runner

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// stdin is what the hypervisor reads: ours, or, where it has to be a terminal
// and ours is none, one that ours is typed into.
func (vm *VM) stdin() (*os.File, error) {
	ours := vm.opts.Stdin
	if !vm.plan.terminal || ours != nil && term.IsTerminal(int(ours.Fd())) {
		return ours, nil
	}
	tty, err := vm.openTerminal(ours)
	if err != nil {
		return nil, fmt.Errorf("terminal of %s: %w", vm.plan.Hypervisor.Kind, err)
	}
	return tty, nil
}

func (vm *VM) openTerminal(keys *os.File) (*os.File, error) {
	keyboard, tty, err := pty.Open()
	if err != nil {
		return nil, err
	}
	vm.undos = append(vm.undos, func() error { return errors.Join(keyboard.Close(), tty.Close()) })
	// Each byte is the guest's, Ctrl-C too.
	if _, err := term.MakeRaw(int(tty.Fd())); err != nil {
		return nil, err
	}
	if keys == nil {
		return tty, nil
	}
	// Whoever gave us the file may close it once the VM has started.
	fd, err := unix.FcntlInt(keys.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	typed := os.NewFile(uintptr(fd), keys.Name())
	go func() {
		defer typed.Close()
		// It fails when the terminal is gone, and then nobody reads it.
		_, _ = io.Copy(keyboard, typed)
	}()
	return tty, nil
}
