//go:build !linux && !darwin

package console

import (
	"errors"
	"fmt"
	"os"
)

// Raw is for Linux and macOS.
func Raw(f *os.File) (restore func() error, err error) {
	return nil, fmt.Errorf("raw mode of %q: %w on this system", f.Name(), errors.ErrUnsupported)
}
