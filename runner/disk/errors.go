package disk

import (
	"fmt"

	"microvm/runner/holder"
)

// BusyError says that somebody else uses the image.
type BusyError struct {
	Path   string
	Holder holder.Process // one process that has it open; zero when none could be seen
}

func (e *BusyError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("volume %q is in use", e.Path)
	}
	return fmt.Sprintf("volume %q is in use by %s", e.Path, e.Holder)
}

// Hint says what to do about it.
func (e *BusyError) Hint() string {
	return "it is already used by another VM: stop that one, or give this one an image of its own"
}

// SpaceError says that the host's file system filled up while an image was made.
type SpaceError struct {
	Path       string
	Need, Free int64 // bytes: what the image may grow to, and what is left
	Err        error
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("no space, up to %s are needed and %s are free: %v", size(e.Need), size(e.Free), e.Err)
}

func (e *SpaceError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *SpaceError) Hint() string {
	return "free some space there, declare a smaller size, or put the image on another file system"
}

// ToolError says that a program needed to make an image is not installed.
type ToolError struct {
	Tool string
	Err  error
}

func (e *ToolError) Error() string {
	return fmt.Sprintf("%s is needed and was not found: %v", e.Tool, e.Err)
}

func (e *ToolError) Unwrap() error { return e.Err }

// Hint names the packages that have the tool.
func (e *ToolError) Hint() string {
	switch e.Tool {
	case "mkfs.xfs":
		return "install xfsprogs (the package's name on Debian, Fedora, Arch, Alpine and in nixpkgs)"
	case "mkfs.btrfs":
		return "install btrfs-progs (the package's name on Debian, Fedora, Arch, Alpine and in nixpkgs)"
	case "mkfs.vfat":
		return "install dosfstools (the package's name on Debian, Fedora, Arch, Alpine, Homebrew and in nixpkgs)"
	case "qemu-img":
		return "install qemu-utils (Debian, nixpkgs), qemu-img (Fedora, Arch, Alpine) or qemu (Homebrew)"
	}
	return "install e2fsprogs (the package's name on Debian, Fedora, Arch, Alpine, Homebrew and in nixpkgs)"
}

type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }
func (h *hinted) Hint() string  { return h.hint }

// size rounds down to a unit in which two sizes can be compared by eye.
func size(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
