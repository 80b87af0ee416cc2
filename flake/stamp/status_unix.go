//go:build linux || darwin

package stamp

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const errNotDir = syscall.ENOTDIR

func lstat(path string) (status, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return status{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	kind := st.Mode & unix.S_IFMT
	return status{
		mode: uint64(st.Mode), ino: st.Ino, dev: uint64(st.Dev), size: st.Size,
		mtime: time.Unix(st.Mtim.Unix()), ctime: time.Unix(st.Ctim.Unix()),
		isDir: kind == unix.S_IFDIR, isLink: kind == unix.S_IFLNK,
	}, nil
}

// openDir fails, and does not wait, if something else has taken the directory's place.
func openDir(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
}

func readRegular(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a regular file", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%q: %w", path, ErrTooMuch)
	}
	return text, err
}
