//go:build !linux && !darwin

package disk

import (
	"errors"
	"os"
)

func tryLock(*os.File, bool) (bool, error) { return false, errors.ErrUnsupported }

func freeBytes(string) (int64, error) { return 0, errors.ErrUnsupported }

func noCopyOnWrite(*os.File) {}

func renameNew(string, string) error { return errors.ErrUnsupported }

func freeOfHypervisors(*os.File, bool) (bool, error) { return false, errors.ErrUnsupported }

func locksAreRemote(*os.File) (bool, error) { return false, errors.ErrUnsupported }
