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

	"github.com/gofrs/flock"
)

// Lock makes a VM run once in a directory. The kernel releases it with the
// process that holds it, so it is never stale.
type Lock struct {
	Header
	Path string `json:"path"`
	name string
}

func newLock(name, dir, lockDir string) *Lock {
	sum := sha256.Sum256([]byte(dir))
	file := name + "-" + hex.EncodeToString(sum[:6]) + ".lock"
	return &Lock{Header{Kind: "lock"}, filepath.Join(lockDir, file), name}
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
func (l *Lock) Up(ctx context.Context) (func() error, error) {
	if err := os.MkdirAll(filepath.Dir(l.Path), 0o700); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	f := flock.New(l.Path, flock.SetPermissions(0o600))
	got, err := f.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if !got {
		return nil, l.busy()
	}
	if !l.found(f) {
		// The last holder removed the file between our open and our lock.
		return l.retry(ctx, f)
	}
	if err := os.WriteFile(l.Path, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("lock: %w", err), f.Close())
	}
	return func() error {
		if !f.Locked() {
			return nil
		}
		return errors.Join(os.Remove(l.Path), f.Close())
	}, nil
}

// found tells whether the locked file is still the one at the path.
func (l *Lock) found(f *flock.Flock) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(l.Path)
	return err == nil && os.SameFile(held, there)
}

func (l *Lock) retry(ctx context.Context, f *flock.Flock) (func() error, error) {
	if err := errors.Join(ctx.Err(), f.Close()); err != nil {
		return nil, err
	}
	return l.Up(ctx)
}

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
