package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

// noCopyOnWrite does nothing: APFS copies only what was cloned.
func noCopyOnWrite(*os.File) {}

// renameNew fails with [os.ErrExist] when to exists.
func renameNew(from, to string) error {
	return os.NewSyscallError("renamex_np", unix.RenamexNp(from, to, unix.RENAME_EXCL))
}

func locksAreRemote(*os.File) (bool, error) { return false, nil }

func freeOfHypervisors(*os.File, bool) (bool, error) { return true, nil }
