//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"microvm/testscripts/guest/init/cmdline"
)

func mountKernel() error {
	for _, m := range []struct{ where, kind string }{
		{"/proc", "proc"}, {"/sys", "sysfs"}, {"/dev", "devtmpfs"}, {"/run", "tmpfs"}, {"/tmp", "tmpfs"},
	} {
		if err := mount(m.kind, m.where, m.kind, ""); err != nil {
			return err
		}
	}
	return nil
}

// mountExtra obeys WHAT:WHERE:FSTYPE[:OPTIONS], the syntax of systemd >= 254,
// in which a backslash protects a colon.
func (g *guest) mountExtra(p cmdline.Param) error {
	fields := splitEscaped(p.Value, ':')
	if len(fields) < 3 || len(fields) > 4 || fields[2] == "" {
		return fmt.Errorf("%s %q: expected WHAT:WHERE:FSTYPE[:OPTIONS]", p.Key, p.Value)
	}
	what, where, kind, options := fields[0], fields[1], fields[2], ""
	if len(fields) == 4 {
		options = fields[3]
	}
	if err := g.modules.loadAlias("fs-" + kind); err != nil {
		return err
	}
	if err := mount(what, where, kind, options); err != nil {
		return err
	}
	g.mounted = append(g.mounted, where)
	g.say("mount=%s type=%s what=%q options=%q", where, kind, what, options)
	return nil
}

// splitEscaped splits at sep, except where a backslash stands before it. The
// backslash goes; one before anything else stays.
func splitEscaped(s string, sep byte) []string {
	var fields []string
	var field strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == sep:
			i++
			field.WriteByte(sep)
		case s[i] == sep:
			fields = append(fields, field.String())
			field.Reset()
		default:
			field.WriteByte(s[i])
		}
	}
	return append(fields, field.String())
}

func mount(what, where, kind, options string) error {
	flags, data := mountFlags(options)
	for _, dir := range append(overlayDirs(kind, options), where) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := unix.Mount(what, where, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s %q at %q: %w", kind, what, where, err)
	}
	return nil
}

// mountFlags separates the options that mount(2) has a flag for from those that
// the file system reads itself.
func mountFlags(options string) (flags uintptr, data string) {
	known := map[string]uintptr{
		"defaults": 0, "rw": 0, "ro": unix.MS_RDONLY, "nosuid": unix.MS_NOSUID, "nodev": unix.MS_NODEV,
		"noexec": unix.MS_NOEXEC, "noatime": unix.MS_NOATIME, "relatime": unix.MS_RELATIME,
		"sync": unix.MS_SYNCHRONOUS, "dirsync": unix.MS_DIRSYNC, "bind": unix.MS_BIND,
	}
	var rest []string
	for option := range strings.SplitSeq(options, ",") {
		flag, ok := known[option]
		if !ok && option != "" {
			rest = append(rest, option)
		}
		flags |= flag
	}
	return flags, strings.Join(rest, ",")
}

// overlayDirs are what an overlay does not make itself.
func overlayDirs(kind, options string) []string {
	var dirs []string
	for option := range strings.SplitSeq(options, ",") {
		key, dir, _ := strings.Cut(option, "=")
		if kind == "overlay" && (key == "upperdir" || key == "workdir") {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// unmountExtra undoes mountExtra, so that no volume is left dirty.
func (g *guest) unmountExtra() error {
	var failed []error
	for _, where := range slices.Backward(g.mounted) {
		if err := unix.Unmount(where, 0); err != nil {
			failed = append(failed, fmt.Errorf("unmount %q: %w", where, err))
		}
	}
	return errors.Join(failed...)
}
