package qmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"syscall"
)

// CommandError is QEMU's refusal of a command.
type CommandError struct {
	// Class is for programs: GenericError, CommandNotFound, DeviceNotFound...
	Class string `json:"class"`
	// Desc is for people.
	Desc string `json:"desc"`
}

// Error quotes the description, which may hold what a guest chose.
func (e *CommandError) Error() string { return fmt.Sprintf("%q (%.40q)", e.Desc, e.Class) }

// hintError is an error with advice.
type hintError struct {
	error
	hint string
}

// Hint is what the user can do about it.
func (e *hintError) Hint() string  { return e.hint }
func (e *hintError) Unwrap() error { return e.error }

func withMessage(message string, err error) error { return fmt.Errorf("%s: %w", message, err) }

func dialError(path string, err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	wrapped := fmt.Errorf("connect to QMP socket %q: %w", path, err)
	hint := dialHint(err)
	if hint == "" {
		return wrapped
	}
	return &hintError{wrapped, hint}
}

func dialHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no socket: is the VM running?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the socket is left over from a hypervisor that has ended: start the VM again"
	case errors.Is(err, fs.ErrPermission):
		return "only the user who started the VM may control it"
	case errors.Is(err, syscall.EINVAL):
		return "the path of a socket has at most 107 bytes (103 on macOS): use a shorter directory"
	}
	return ""
}

func silent(err error) error {
	err = fmt.Errorf("no QMP greeting: %w", err)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &hintError{err, "QMP serves one client at a time: is another program connected to this socket?"}
}

// peerError gives the ways in which a peer can go away one form.
func peerError(err error) error {
	for _, gone := range []error{io.EOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, gone) {
			return fmt.Errorf("the peer closed the QMP connection: %w", io.EOF)
		}
	}
	return err
}
