//go:build linux || darwin

package console

import (
	"fmt"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Raw sets the terminal f so that every key, Ctrl-C too, reaches the guest, unechoed and at once. Output is still
// processed (a newline returns the carriage), as QEMU's stdio has it, so that our own messages look right between the guest's.
//
// restore puts the terminal back and may be called any number of times. Until then a stop of this process (SIGTSTP) and
// its continuation switch the terminal back and forth. A signal that ends the process is the caller's to catch.
// The error of a file that is no terminal wraps [unix.ENOTTY].
func Raw(f *os.File) (restore func() error, err error) {
	fd := int(f.Fd())
	cooked, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("terminal mode of %q: %w", f.Name(), err)
	}
	if err := makeRaw(fd); err != nil {
		return nil, fmt.Errorf("raw mode of %q: %w", f.Name(), err)
	}
	done := followStops(fd, cooked)
	return sync.OnceValue(func() error {
		done()
		if err := term.Restore(fd, cooked); err != nil {
			return fmt.Errorf("terminal mode of %q: %w", f.Name(), err)
		}
		return nil
	}), nil
}

func makeRaw(fd int) error {
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return err
	}
	if _, err := term.MakeRaw(fd); err != nil {
		return err
	}
	now, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return err
	}
	now.Oflag = before.Oflag | unix.OPOST
	return unix.IoctlSetTermios(fd, setTermios, now)
}

// followStops keeps the terminal usable for the shell while this process is stopped. The returned function ends that
// and returns when it has.
func followStops(fd int, cooked *term.State) (end func()) {
	signals, quit, gone := make(chan os.Signal, 2), make(chan struct{}), make(chan struct{})
	signal.Notify(signals, unix.SIGTSTP, unix.SIGCONT)
	go func() {
		defer close(gone)
		for {
			select {
			case s := <-signals:
				follow(s, fd, cooked)
			case <-quit:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(quit)
		<-gone
	}
}

// follow ignores what fails: the terminal may have gone away, and then nobody sees its mode.
func follow(s os.Signal, fd int, cooked *term.State) {
	if s == unix.SIGTSTP {
		_ = term.Restore(fd, cooked)
		_ = unix.Kill(unix.Getpid(), unix.SIGSTOP)
		return
	}
	// Set from the background, the mode would be somebody else's and would stop this process.
	if group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err == nil && group == unix.Getpgrp() {
		_ = makeRaw(fd)
	}
}
