//go:build !linux || !(amd64 || arm64)

package kvm

import (
	"errors"
	"io"
)

// RunChild fails: there is no KVM here, or none that this program knows.
func RunChild(io.Writer) error { return errors.ErrUnsupported }
