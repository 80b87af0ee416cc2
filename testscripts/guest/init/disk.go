//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// linkDisks makes the /dev/disk/by-id/virtio-SERIAL that udev would make: the
// letters of virtio disks depend on the machine.
func linkDisks() error {
	const dir = "/dev/disk/by-id"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var failed []error
	for _, disk := range virtioDisks() {
		serial := sysfs("/sys/block", disk, "serial")
		if serial == "" || strings.Contains(serial, "/") {
			continue
		}
		failed = append(failed, os.Symlink("/dev/"+disk, filepath.Join(dir, "virtio-"+serial)))
	}
	return errors.Join(failed...)
}

func virtioDisks() []string { return entries("/sys/block", "vd") }

// entries lists what is in dir and starts with prefix, in order. A directory
// that is not there is one without entries.
func entries(dir, prefix string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, prefix+"*"))
	for i, path := range found {
		found[i] = filepath.Base(path)
	}
	return found
}

// sysfs is one attribute, or "" if this device has none of that name.
func sysfs(elem ...string) string {
	text, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func (g *guest) reportDisks() error {
	for _, disk := range virtioDisks() {
		var sectors int64
		if _, err := fmt.Sscan(sysfs("/sys/block", disk, "size"), &sectors); err != nil {
			return fmt.Errorf("size of %s: %w", disk, err)
		}
		g.say("disk=%s size=%d ro=%s serial=%q", disk, sectors*512,
			sysfs("/sys/block", disk, "ro"), sysfs("/sys/block", disk, "serial"))
	}
	return nil
}
