package disk_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"microvm/runner/disk"
)

// TestRealFileSystems makes each file system with the real tool and reads its label back from the superblock.
func TestRealFileSystems(t *testing.T) {
	cases := []struct {
		fsType  string
		sizeMiB int
		args    []string
		at      int64 // of the label, from each file system's documentation
		want    string
	}{
		{"ext2", 4, nil, 1024 + 0x78, "-vár lib-"},
		{"ext3", 16, nil, 1024 + 0x78, "-vár lib-"},
		{"ext4", 16, []string{"-O", "^metadata_csum"}, 1024 + 0x78, "-vár lib-"},
		{"xfs", 300, nil, 0x6c, "-vár lib-"},
		{"btrfs", 128, nil, 0x10000 + 0x12b, "-vár lib-"},
		{"vfat", 16, []string{"-F", "16"}, 0x2b, "-VAR LIB-"},
	}
	for _, c := range cases {
		t.Run(c.fsType, func(t *testing.T) {
			t.Parallel()
			need(t, "mkfs."+c.fsType)
			dir := t.TempDir()
			img := disk.Image{
				Path: filepath.Join(dir, "-v o'l\n.img"), SizeMiB: c.sizeMiB, FSType: c.fsType, Label: c.want, MkfsArgs: c.args,
			}
			if created, err := disk.Create(t.Context(), img, installed); !created || err != nil {
				t.Fatalf("got %v %v", created, err)
			}
			if got := readAt(t, img.Path, c.at, len(c.want)); got != c.want {
				t.Errorf("label is %q", got)
			}
			if warnings, err := disk.Check(img); len(warnings) > 0 || err != nil {
				t.Errorf("got %q %v", warnings, err)
			}
			wantFiles(t, dir, "-v o'l\n.img")
		})
	}
}

func TestRealQCOW2(t *testing.T) {
	qemuImg := need(t, "qemu-img")
	for _, fsType := range []string{"none", "ext4"} {
		t.Run(fsType, func(t *testing.T) {
			dir := t.TempDir()
			img := disk.Image{Path: filepath.Join(dir, "img"), SizeMiB: 64, Format: disk.QCOW2, FSType: fsType}
			if fsType == "ext4" {
				need(t, "mkfs.ext4")
				img.Label = "inside"
			}
			if created, err := disk.Create(t.Context(), img, installed); !created || err != nil {
				t.Fatalf("got %v %v", created, err)
			}
			wantFiles(t, dir, "img")
			if warnings, err := disk.Check(img); len(warnings) > 0 || err != nil {
				t.Errorf("got %q %v", warnings, err)
			}
			raw := filepath.Join(t.TempDir(), "raw")
			if out, err := exec.Command(qemuImg, "convert", "-O", "raw", img.Path, raw).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if got := readAt(t, raw, 1024+0x78, 6); strings.Trim(got, "\x00") != img.Label {
				t.Errorf("label is %q", got)
			}
		})
	}
}

func readAt(t *testing.T, path string, at int64, n int) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := make([]byte, n)
	if _, err := f.ReadAt(p, at); err != nil {
		t.Fatal(err)
	}
	return string(p)
}
