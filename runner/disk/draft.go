package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// draft is an image in the making. Its maker holds a lock on it, which is how a leftover is told from it.
type draft struct {
	file *os.File
	path string // "" once it has become the image
}

const draftMark = ".tmp-"

func draftPrefix(path string) string { return "." + filepath.Base(path) + draftMark }

// newDraft tries again when a cleaner took the file for a leftover before the lock was on it.
func newDraft(path string) (*draft, error) {
	for {
		f, err := os.CreateTemp(filepath.Dir(path), draftPrefix(path)+"*")
		if err != nil {
			return nil, fmt.Errorf("volume %q: %w", path, err)
		}
		d := &draft{file: f, path: f.Name()}
		locked, err := tryLock(f, true)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("volume %q: %w", path, err), d.discard())
		}
		if _, err := os.Lstat(d.path); locked && err == nil {
			noCopyOnWrite(f)
			return d, nil
		}
		if err := d.discard(); err != nil {
			return nil, err
		}
	}
}

// discard is safe after publish and removes nothing then.
func (d *draft) discard() error {
	err := d.file.Close()
	if d.path != "" {
		if removed := os.Remove(d.path); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}
	return err
}

// publish gives the draft its name unless that has been taken in the meantime.
func (d *draft) publish(path string) (bool, error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return false, fmt.Errorf("volume %q: %w", path, err)
	}
	defer dir.Close()
	err = errors.Join(d.share(dir), d.file.Sync())
	if err != nil {
		return false, fmt.Errorf("volume %q: %w", path, err)
	}
	switch err := renameNew(d.path, path); {
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("volume %q: %w", path, err)
	}
	d.path = ""
	if err := dir.Sync(); err != nil {
		return true, fmt.Errorf("volume %q: %w", path, err)
	}
	return true, nil
}

func (d *draft) share(dir *os.File) error {
	info, err := dir.Stat()
	if err != nil || info.Mode()&fs.ModeSetgid == 0 {
		return err
	}
	return d.file.Chmod(0o660)
}

// removeLeftovers removes the drafts of this image that nobody is making.
func removeLeftovers(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return missingDirectory(path, fmt.Errorf("volume %q: %w", path, err))
	}
	var errs []error
	for _, entry := range entries {
		number, ours := strings.CutPrefix(entry.Name(), draftPrefix(path))
		if ours && strings.Trim(number, "0123456789") == "" && entry.Type().IsRegular() {
			errs = append(errs, removeUnlocked(filepath.Join(filepath.Dir(path), entry.Name())))
		}
	}
	return errors.Join(errs...)
}

func removeUnlocked(leftover string) error {
	f, err := os.OpenFile(leftover, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil // gone, or another user's, who may be at work on it
	}
	if err != nil {
		return fmt.Errorf("leftover %q: %w", leftover, err)
	}
	defer f.Close()
	remote, err := locksAreRemote(f)
	if err != nil || remote {
		return err
	}
	if free, err := tryLock(f, true); err != nil || !free {
		return err
	}
	if err := os.Remove(leftover); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
