//go:build !linux

package link

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// Up needs Linux.
func (t Tap) Up() (undo func() error, err error) { return nil, unsupported(t.Name, "tap") }

// CanCreate needs Linux.
func (t Tap) CanCreate() error { return unsupported(t.Name, "tap") }

// Up needs Linux.
func (m Macvtap) Up() (undo func() error, err error) { return nil, unsupported(m.Name, "macvtap") }

// CanCreate needs Linux.
func (m Macvtap) CanCreate() error { return unsupported(m.Name, "macvtap") }

// OpenMacvtap needs Linux.
func OpenMacvtap(name string, _ int) ([]*os.File, error) { return nil, unsupported(name, "macvtap") }

func unsupported(name, kind string) error {
	return &hinted{
		err:  fmt.Errorf("network interface %q: %s has no %s: %w", name, runtime.GOOS, kind, errors.ErrUnsupported),
		hint: "use an interface of type \"user\", or of another type that this hypervisor has",
	}
}
