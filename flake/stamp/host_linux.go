package stamp

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// zfsMagic is not in the kernel's headers, since ZFS is not in the kernel.
const zfsMagic = 0x2fc12fc1

// localTypes are the file systems whose times this kernel alone makes. NFS, 9p, FUSE and virtiofs are not among them.
var localTypes = []uint32{
	unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.BCACHEFS_SUPER_MAGIC,
	unix.TMPFS_MAGIC, unix.RAMFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC, zfsMagic,
}

func local(path string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return fmt.Errorf("file system of %q: %w", path, err)
	}
	if !slices.Contains(localTypes, uint32(st.Type)) {
		return fmt.Errorf("%q: %w (type %#x)", path, ErrRemote, uint32(st.Type))
	}
	return nil
}

// fileClock is the clock that the kernel stamps files with. It may lag behind time.Now by much more than a tick in a VM whose
// CPU was taken away.
func fileClock() time.Time {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &ts); err != nil {
		// The epoch: every file then counts as changed just now.
		return time.Unix(0, 0)
	}
	return time.Unix(ts.Unix())
}
