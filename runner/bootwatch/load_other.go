//go:build !linux

package bootwatch

import (
	"errors"
	"fmt"
)

// LoadOf fails: only Linux has an accelerator worth watching.
func LoadOf(int) (Load, error) {
	return Load{}, fmt.Errorf("load of a process: %w", errors.ErrUnsupported)
}
