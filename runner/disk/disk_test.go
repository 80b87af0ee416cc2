package disk_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"microvm/runner/disk"
)

// hinter is what the command line asks errors for.
type hinter interface{ Hint() string }

func wantHint(t *testing.T, err error, part string) {
	t.Helper()
	var h hinter
	if !errors.As(err, &h) || !strings.Contains(h.Hint(), part) {
		t.Errorf("want a hint with %q from: %v", part, err)
	}
}

func TestBadDeclarations(t *testing.T) {
	cases := []struct {
		name string
		img  disk.Image
		want []string
	}{
		{"no size", disk.Image{}, []string{"0 MiB"}},
		{"negative size", disk.Image{SizeMiB: -1}, []string{"-1 MiB"}},
		{"endless size", disk.Image{SizeMiB: 1 << 43}, []string{"8796093022208 MiB"}},
		{"format", disk.Image{SizeMiB: 1, Format: "vmdk"}, []string{`unknown format "vmdk" (known: raw, qcow2)`}},
		{"file system", disk.Image{SizeMiB: 1, FSType: "zfs"}, []string{`"zfs" (known: btrfs, ext2, ext3, ext4, vfat, xfs, none)`}},
		{"a path for a file system", disk.Image{SizeMiB: 1, FSType: "/../../bin/sh"}, []string{`"/../../bin/sh"`}},
		{"label of nothing", disk.Image{SizeMiB: 1, Label: "x"}, []string{`label "x" needs a file system`}},
		{"long label", disk.Image{SizeMiB: 1, FSType: "vfat", Label: "twelve-bytes"}, []string{"12 bytes, vfat takes 11"}},
		{"newline", disk.Image{SizeMiB: 1, FSType: "ext4", Label: "a\nb"}, []string{`"a\nb"`}},
		{"not UTF-8", disk.Image{SizeMiB: 1, FSType: "ext4", Label: "a\xff"}, []string{`"a\xff"`}},
		{"all at once", disk.Image{Format: "vdi", FSType: "zfs", Label: "\x1b"}, []string{"vdi", "zfs", `\x1b`, "0 MiB"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.img.Path = filepath.Join(t.TempDir(), "img")
			created, err := disk.Create(t.Context(), c.img, tools(nil))
			if created || err == nil {
				t.Fatalf("got %v %v", created, err)
			}
			for _, want := range append(c.want, fmt.Sprintf("%q", c.img.Path)) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in: %v", want, err)
				}
			}
			wantFiles(t, filepath.Dir(c.img.Path))
		})
	}
}

func TestMissingTools(t *testing.T) {
	packages := map[string]string{
		"btrfs": "btrfs-progs", "ext2": "e2fsprogs", "ext3": "e2fsprogs", "ext4": "e2fsprogs", "vfat": "dosfstools", "xfs": "xfsprogs",
	}
	for _, fsType := range disk.FSTypes() {
		img := disk.Image{Path: filepath.Join(t.TempDir(), "img"), SizeMiB: 1, FSType: fsType, Format: disk.QCOW2}
		_, err := disk.Create(t.Context(), img, tools(nil))
		var missing *disk.ToolError
		if !errors.As(err, &missing) || missing.Tool != "mkfs."+fsType || !strings.Contains(err.Error(), "qemu-img") {
			t.Errorf("%s: want both tools missing, got %v", fsType, err)
		}
		wantHint(t, err, packages[fsType])
	}
	_, err := disk.Create(t.Context(), disk.Image{Path: filepath.Join(t.TempDir(), "img"), SizeMiB: 1, Format: disk.QCOW2}, tools(nil))
	wantHint(t, err, "qemu-utils")
}

// tools finds what it is given and nothing else.
func tools(have map[string]string) disk.Tools {
	return func(name string) (string, error) {
		if path := have[name]; path != "" {
			return path, nil
		}
		return "", exec.ErrNotFound
	}
}

// installed finds what this machine has, where users of Debian do not have it on their PATH too.
func installed(name string) (string, error) {
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return exec.LookPath(name)
}

func need(t *testing.T, tool string) string {
	t.Helper()
	path, err := installed(tool)
	if err != nil {
		t.Skipf("%s is not installed: %v", tool, err)
	}
	return path
}

// fake makes a program out of a shell script and returns tools that have it as mkfs.ext4.
func fake(t *testing.T, script string) disk.Tools {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mkfs.ext4")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return tools(map[string]string{"mkfs.ext4": path})
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q has %q, want %q", dir, got, want)
	}
}
