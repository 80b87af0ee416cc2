//go:build !linux && !darwin

package stamp

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// On systems without Nix nothing can be told.
var errNotDir = fs.ErrInvalid

func local(string) error { return errors.ErrUnsupported }

func lstat(string) (status, error) { return status{}, errors.ErrUnsupported }

func openDir(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func readRegular(string) ([]byte, error) { return nil, errors.ErrUnsupported }

func fileClock() time.Time { return time.Now() }
