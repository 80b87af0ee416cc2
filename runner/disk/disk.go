// Package disk makes, checks and locks the files that virtual machines use as disks.
package disk

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The formats of an image file.
const (
	Raw   = "raw"
	QCOW2 = "qcow2"
)

// Image is a disk as its user declares it.
type Image struct {
	Path     string
	SizeMiB  int      // size the guest sees; a sparse file takes less on the host
	Format   string   // Raw or QCOW2, "" is Raw
	FSType   string   // one of FSTypes; "" or "none" leaves the disk blank
	Label    string   // of the file system, "" for none
	MkfsArgs []string // further arguments of mkfs, before the path
}

// FSTypes lists the file systems that Create can make, sorted.
func FSTypes() []string { return []string{"btrfs", "ext2", "ext3", "ext4", "vfat", "xfs"} }

// labelRule is mkfs's option for the label and the longest one, in bytes, that fits the superblock: longer ones are
// cut by some mkfs, and the guest that mounts by label would wait for it in vain.
func labelRule(fsType string) (option string, most int) {
	switch fsType {
	case "vfat":
		return "-n", 11
	case "btrfs":
		return "-L", 255
	case "xfs":
		return "-L", 12
	}
	return "-L", 16
}

func (i Image) blank() bool { return i.FSType == "" || i.FSType == "none" }

func (i Image) bytes() int64 { return int64(i.SizeMiB) << 20 }

// check reports all that keeps the image from being made.
func (i Image) check() error {
	return errors.Join(i.checkFormat(), i.checkSize(), i.checkLabel())
}

func (i Image) checkFormat() error {
	var errs []error
	if i.Format != "" && i.Format != Raw && i.Format != QCOW2 {
		errs = append(errs, fmt.Errorf("volume %q: unknown format %q (known: %s, %s)", i.Path, i.Format, Raw, QCOW2))
	}
	if !i.blank() && !slices.Contains(FSTypes(), i.FSType) {
		errs = append(errs, fmt.Errorf("volume %q: cannot make a file system of type %q (known: %s, none)",
			i.Path, i.FSType, strings.Join(FSTypes(), ", ")))
	}
	return errors.Join(errs...)
}

func (i Image) checkSize() error {
	if i.SizeMiB > 0 && i.SizeMiB <= math.MaxInt64>>20 {
		return nil
	}
	return &hinted{
		err:  fmt.Errorf("volume %q does not exist and cannot be made with a size of %d MiB", i.Path, i.SizeMiB),
		hint: "declare its size, or turn autoCreate off and make the image yourself",
	}
}

func (i Image) checkLabel() error {
	if i.Label == "" {
		return nil
	}
	if i.blank() {
		return fmt.Errorf("volume %q: the label %q needs a file system to be written to", i.Path, i.Label)
	}
	if _, most := labelRule(i.FSType); len(i.Label) > most {
		return fmt.Errorf("volume %q: the label %q has %d bytes, %s takes %d", i.Path, i.Label, len(i.Label), i.FSType, most)
	}
	if !utf8.ValidString(i.Label) || strings.ContainsFunc(i.Label, unicode.IsControl) {
		return fmt.Errorf("volume %q: the label %q has characters that cannot be printed", i.Path, i.Label)
	}
	return nil
}
