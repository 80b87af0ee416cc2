package disk_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"microvm/runner/disk"
)

// TestQEMUHoldsTheImage starts a QEMU that nobody told about us.
func TestQEMUHoldsTheImage(t *testing.T) {
	qemu := need(t, "qemu-system-x86_64")
	cases := []struct {
		name, option   string
		reader, writer bool // may come beside it
	}{
		{"writing", "", false, false},
		{"reading", ",read-only=on", true, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := blank(t)
			pid := startQEMU(t, qemu, "if=none,format=raw,file="+path+c.option)
			for exclusive, free := range map[bool]bool{false: c.reader, true: c.writer} {
				held, err := disk.Lock(path, exclusive)
				if !free {
					wantBusy(t, err, path, pid)
					continue
				}
				if err != nil {
					t.Errorf("exclusive %v: %v", exclusive, err)
					continue
				}
				held.Close()
			}
		})
	}
}

// TestQEMUWorksBesideOurLock is the normal case: we hold the image and QEMU opens it by its path.
func TestQEMUWorksBesideOurLock(t *testing.T) {
	qemu := need(t, "qemu-system-x86_64")
	path := blank(t)
	held, err := disk.Lock(path, true)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	startQEMU(t, qemu, "if=none,format=raw,file="+path)
}

// startQEMU returns when the images are open and locked: QMP obeys after that.
func startQEMU(t *testing.T, qemu, drive string) int {
	t.Helper()
	cmd := exec.Command(qemu, "-nodefaults", "-machine", "q35,accel=tcg", "-m", "16", "-display", "none", "-S", "-qmp", "stdio",
		"-drive", "id=d0,"+drive, "-device", "virtio-blk-pci,drive=d0")
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := io.WriteString(stdin, `{"execute":"qmp_capabilities"}`+"\n"); err != nil {
		t.Fatal(err)
	}
	for said := bufio.NewScanner(stdout); said.Scan(); {
		if strings.Contains(said.Text(), `"return"`) {
			return cmd.Process.Pid
		}
	}
	t.Fatal("QEMU did not start")
	return 0
}

// TestWholeFileLocks are those of cloud-hypervisor.
func TestWholeFileLocks(t *testing.T) {
	for _, c := range []struct {
		kind           int16
		reader, writer bool
	}{
		{unix.F_RDLCK, true, false},
		{unix.F_WRLCK, false, false},
	} {
		path := blank(t)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: c.kind}); err != nil {
			t.Fatal(err)
		}
		for exclusive, free := range map[bool]bool{false: c.reader, true: c.writer} {
			held, err := disk.Lock(path, exclusive)
			if free != (err == nil) {
				t.Errorf("kind %d, exclusive %v: %v", c.kind, exclusive, err)
			}
			if err == nil {
				held.Close()
			}
		}
	}
}

func TestFullDisk(t *testing.T) {
	mkfs := need(t, "mkfs.ext4")
	dir := tmpfs(t, "256k")
	for _, format := range []string{disk.Raw, disk.QCOW2} {
		if format == disk.QCOW2 {
			need(t, "qemu-img")
		}
		img := disk.Image{Path: filepath.Join(dir, "img"), SizeMiB: 64, FSType: "ext4", Format: format}
		created, err := disk.Create(t.Context(), img, installed)
		var full *disk.SpaceError
		if created || !errors.As(err, &full) {
			t.Fatalf("%s, with %s: got %v %v", format, mkfs, created, err)
		}
		if full.Need != 64<<20 || full.Free != 256<<10 || full.Path != img.Path {
			t.Errorf("got %+v", full)
		}
		if !strings.Contains(err.Error(), "up to 64 MiB are needed and 256 KiB are free") {
			t.Errorf("got %v", err)
		}
		wantHint(t, err, "smaller size")
		wantFiles(t, dir)
	}
}

func TestNoCopyOnWrite(t *testing.T) {
	need(t, "mkfs.btrfs")
	host := disk.Image{Path: filepath.Join(t.TempDir(), "btrfs"), SizeMiB: 128, FSType: "btrfs"}
	if created, err := disk.Create(t.Context(), host, installed); !created || err != nil {
		t.Fatalf("got %v %v", created, err)
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-o", "loop", host.Path, dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a btrfs image here: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	for _, format := range []string{disk.Raw, disk.QCOW2} {
		img := disk.Image{Path: filepath.Join(dir, format), SizeMiB: 16, Format: format, FSType: "ext4"}
		if created, err := disk.Create(t.Context(), img, installed); !created || err != nil {
			t.Fatalf("%s: got %v %v", format, created, err)
		}
		out, err := exec.Command("lsattr", img.Path).CombinedOutput()
		if attributes, _, _ := strings.Cut(string(out), " "); err != nil || !strings.Contains(attributes, "C") {
			t.Errorf("%s: %v %s", format, err, out)
		}
	}
}

func tmpfs(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=700,size="+size); err != nil {
		t.Skipf("cannot mount a small tmpfs here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}
