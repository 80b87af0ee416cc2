package disk

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// FS_NOCOW_FL of linux/fs.h.
const noCOWFlag = 0x00800000

// noCopyOnWrite has an effect on btrfs and bcachefs, and only on an empty file; elsewhere the refusal means nothing.
func noCopyOnWrite(f *os.File) {
	flags, err := unix.IoctlGetUint32(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil {
		_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, int(flags|noCOWFlag))
	}
}

// renameNew fails with [os.ErrExist] when to exists. Not every file system can do that in one rename; those that
// cannot have hard links.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return os.NewSyscallError("renameat2", err)
	}
	return linkNew(from, to)
}

func linkNew(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	return os.Remove(from)
}

// locksAreRemote tells file systems whose flock is a byte-range lock on the server: with it held, QEMU's own locks on the
// same image would fail.
func locksAreRemote(f *os.File) (bool, error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return false, os.NewSyscallError("fstatfs", err)
	}
	remote := []uint32{unix.NFS_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC}
	return slices.Contains(remote, uint32(st.Type)), nil
}

// QEMU (file-posix.c) takes shared locks on single bytes: 100+N for the permission N it uses, 200+N for the permission
// N that it denies to others.
const (
	qemuUsed   = 100
	qemuDenied = 200
	permRead   = 0
	permWrite  = 1
	permResize = 3
)

// freeOfHypervisors reports whether no open file but f has a lock that contradicts what f is for.
func freeOfHypervisors(f *os.File, exclusive bool) (bool, error) {
	if exclusive {
		lock, err := conflict(f, unix.F_WRLCK, 0, 0)
		return lock.Type == unix.F_UNLCK, err
	}
	lock, err := conflict(f, unix.F_RDLCK, 0, 0)
	if err != nil || lock.Type != unix.F_UNLCK {
		return false, err
	}
	for _, at := range []int64{qemuUsed + permWrite, qemuUsed + permResize, qemuDenied + permRead} {
		lock, err := conflict(f, unix.F_WRLCK, at, 1)
		// A shared lock from before QEMU's range is another reader's, on the whole file.
		if err != nil || lock.Type != unix.F_UNLCK && lock.Start >= qemuUsed {
			return false, err
		}
	}
	return true, nil
}

func conflict(f *os.File, kind int16, start, length int64) (unix.Flock_t, error) {
	lock := unix.Flock_t{Type: kind, Start: start, Len: length}
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock)
	return lock, os.NewSyscallError("fcntl", err)
}
