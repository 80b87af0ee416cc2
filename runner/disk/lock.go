package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"microvm/runner/holder"
)

// Held is an image locked by this process and by each that inherits its File.
type Held struct{ file *os.File }

// File is the open, locked image. The lock belongs to the open file: a child that inherits it keeps the lock when this
// process ends.
func (h *Held) File() *os.File { return h.file }

// Close gives the lock up unless a child has inherited it.
func (h *Held) Close() error { return h.file.Close() }

// Lock locks an existing image without waiting: any number of readers, or one writer (exclusive), which needs write
// permission too. It is a BSD lock on the image itself, so no file stays behind and a killed process frees it. Hypervisors
// that were not started by us hold locks of their own kind (QEMU, StratoVirt: byte ranges; cloud-hypervisor: the whole
// file); on Linux those are respected too. The error of a locked image is a [*BusyError].
//
// On network file systems, where the kernel makes one kind of lock out of the other, only the hypervisor's own is used.
func Lock(path string, exclusive bool) (*Held, error) {
	flags := os.O_RDONLY
	if exclusive {
		flags = os.O_RDWR
	}
	f, err := openDisk(path, flags)
	if err != nil {
		return nil, err
	}
	free, err := lockImage(f, exclusive)
	if err == nil && free {
		return &Held{file: f}, nil
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("volume %q: %w", path, err)
	}
	busy := &BusyError{Path: path}
	if holders := holder.Of(path); len(holders) > 0 {
		busy.Holder = holders[0]
	}
	return nil, busy
}

func lockImage(f *os.File, exclusive bool) (bool, error) {
	if free, err := tryLock(f, exclusive); err != nil || !free {
		return false, err
	}
	return freeOfHypervisors(f, exclusive)
}

// openDisk opens nothing but files and block devices.
func openDisk(path string, flags int) (*os.File, error) {
	// Without O_NONBLOCK, opening a FIFO would wait for its other end.
	f, err := os.OpenFile(path, flags|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("volume %q: %w", path, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeDevice {
		err = fmt.Errorf("neither a file nor a block device, but %s", info.Mode())
	}
	if err != nil {
		return nil, fmt.Errorf("volume %q: %w", path, errors.Join(err, f.Close()))
	}
	return f, nil
}
