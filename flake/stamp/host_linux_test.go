package stamp

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRemoteFileSystem(t *testing.T) {
	if _, err := take(t, func(s *Stamper) { s.Tree("/proc/self/fdinfo") }); !errors.Is(err, ErrRemote) {
		t.Errorf("/proc gives %v", err)
	}
}

// TestForbidden takes root's privileges over files from this thread only, which is then thrown away.
func TestForbidden(t *testing.T) {
	dir := sample(t)
	if err := os.Chmod(filepath.Join(dir, "a"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "a"), 0o700) })
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			const nobody = 65534
			if _, err := unix.SetfsuidRetUid(nobody); err != nil {
				result <- err
				return
			}
		}
		_, err := take(t, func(s *Stamper) { s.Tree(dir) })
		result <- err
	}()
	if err := <-result; !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a directory that cannot be read gives %v", err)
	}
}
