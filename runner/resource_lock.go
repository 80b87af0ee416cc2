package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Lock makes a VM run once in a directory. The kernel releases it with the
// process that holds it, so it is never stale.
type Lock struct {
	Header
	Path string `json:"path"`
	name string
	held *os.File
}

func newLock(name, dir, lockDir string) *Lock {
	sum := sha256.Sum256([]byte(dir))
	file := name + "-" + hex.EncodeToString(sum[:6]) + ".lock"
	return &Lock{Header{Kind: "lock"}, filepath.Join(lockDir, file), name, nil}
}

func (l *Lock) String() string { return "lock " + l.Path }

// Check finds another run of the same VM.
func (l *Lock) Check(ctx context.Context) error {
	undo, err := l.Up(ctx)
	if err != nil {
		return err
	}
	return undo()
}

// Up takes the lock and leaves our process id in it, for the message of whom it
// keeps out.
func (l *Lock) Up(context.Context) (func() error, error) {
	if err := os.MkdirAll(filepath.Dir(l.Path), 0o700); err != nil {
		return nil, hinted(fmt.Errorf("lock: %w", err), "set XDG_RUNTIME_DIR to a directory of yours")
	}
	f, err := l.take()
	if err != nil {
		return nil, err
	}
	l.held = f
	if err := os.WriteFile(l.Path, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("lock: %w", err), l.release())
	}
	return l.release, nil
}

// take opens and locks the file until the locked one is the one at the path: the
// last holder may remove it in between.
func (l *Lock) take() (*os.File, error) {
	for {
		f, err := os.OpenFile(l.Path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("lock: %w", err)
		}
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(l.busy(), f.Close())
		case err != nil:
			return nil, errors.Join(fmt.Errorf("lock %q: %w", l.Path, err), f.Close())
		case l.isAt(f):
			return f, nil
		}
		if err := f.Close(); err != nil {
			return nil, fmt.Errorf("lock: %w", err)
		}
	}
}

func (l *Lock) isAt(f *os.File) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(l.Path)
	return err == nil && os.SameFile(held, there)
}

func (l *Lock) release() error {
	if l.held == nil {
		return nil
	}
	f := l.held
	l.held = nil
	return errors.Join(os.Remove(l.Path), f.Close())
}

// survive keeps the lock when this process becomes the hypervisor.
func (l *Lock) survive() error { return keepOpen(l.held) }

func (l *Lock) busy() error {
	by := ""
	if b, err := os.ReadFile(l.Path); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
			by = fmt.Sprintf(" (process %d)", pid)
		}
	}
	return hinted(fmt.Errorf("%q is already running in this directory%s", l.name, by),
		"stop it first, or run the second one in another directory")
}
