package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Tools finds a program, "mkfs.ext4" or "qemu-img", and returns its path; [os/exec.LookPath] is one.
type Tools func(name string) (path string, err error)

// Create makes the image unless something exists at its path, which is then left as it is, whatever it is.
//
// The image appears complete or not at all: it is made under the name .NAME.tmp-NUMBER beside its place, written to
// the disk and renamed. What a killed Create left behind is removed by the next one. Of several at once, one creates.
// The image is readable and writable by its owner alone, and by the group too where the directory is one that a group
// shares (setgid). It is marked not to be copied on write, if the host's file system knows that.
//
// All reasons why the image cannot be made are joined in the error; see [ToolError] and [SpaceError] for two.
func Create(ctx context.Context, img Image, tools Tools) (created bool, err error) {
	path, err := filepath.Abs(img.Path)
	if err != nil {
		return false, fmt.Errorf("volume %q: %w", img.Path, err)
	}
	if found, err := exists(path); found || err != nil {
		return false, err
	}
	steps, err := img.steps(tools)
	if err != nil {
		return false, err
	}
	if err := removeLeftovers(path); err != nil {
		return false, err
	}
	created, err = steps.make(ctx, path)
	return created, img.explain(path, err)
}

// exists follows symbolic links, and takes one that leads nowhere for a mistake rather than for a place to write to.
func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("volume %q: %w", path, err)
	}
	entry, err := os.Lstat(path)
	if err != nil {
		return false, nil
	}
	if entry.Mode().Type() != fs.ModeSymlink {
		return true, nil // made between the two looks
	}
	return false, &hinted{
		err:  fmt.Errorf("volume %q is a symbolic link to a file that does not exist", path),
		hint: "remove the link, or make the file it points to",
	}
}

func missingDirectory(path string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &hinted{err: err, hint: fmt.Sprintf("make the directory %q first", filepath.Dir(path))}
}

// explain turns "no space left" into numbers.
func (i Image) explain(path string, err error) error {
	if err == nil || !outOfSpace(err) {
		return err
	}
	free, statErr := freeBytes(filepath.Dir(path))
	if statErr != nil {
		return errors.Join(err, statErr)
	}
	return &SpaceError{Path: path, Need: i.bytes(), Free: free, Err: err}
}
