package stamp

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

func local(path string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return fmt.Errorf("file system of %q: %w", path, err)
	}
	if st.Flags&unix.MNT_LOCAL == 0 {
		return fmt.Errorf("%q: %w", path, ErrRemote)
	}
	return nil
}

// fileClock is the clock that the kernel stamps files with.
func fileClock() time.Time { return time.Now() }
