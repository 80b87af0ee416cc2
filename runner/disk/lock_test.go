package disk_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"microvm/runner/disk"
)

func TestLock(t *testing.T) {
	const reader, writer = false, true
	cases := []struct {
		first, second bool
		free          bool
	}{
		{reader, reader, true},
		{reader, writer, false},
		{writer, reader, false},
		{writer, writer, false},
	}
	for _, c := range cases {
		path := blank(t)
		first, err := disk.Lock(path, c.first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := disk.Lock(path, c.second)
		if c.free != (err == nil) {
			t.Errorf("writer %v then writer %v: %v", c.first, c.second, err)
		}
		if c.free {
			second.Close()
		} else {
			wantBusy(t, err, path, os.Getpid())
		}
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		after, err := disk.Lock(path, c.second)
		if err != nil {
			t.Fatalf("not free after Close: %v", err)
		}
		after.Close()
	}
}

func TestLockIsInherited(t *testing.T) {
	path := blank(t)
	held, err := disk.Lock(path, true)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("cat")
	child.ExtraFiles = []*os.File{held.File()}
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if err := held.Close(); err != nil {
		t.Error(err)
	}
	_, err = disk.Lock(path, true)
	wantBusy(t, err, path, child.Process.Pid)
	stdin.Close()
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
	held, err = disk.Lock(path, true)
	if err != nil {
		t.Fatalf("the child is gone: %v", err)
	}
	held.Close()
}

func TestLockNeedsADisk(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if out, err := exec.Command("mkfifo", fifo).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v %s", err, out)
	}
	for _, path := range []string{fifo, t.TempDir(), "/dev/null", filepath.Join(t.TempDir(), "none"), "a\x00b"} {
		_, err := disk.Lock(path, false)
		var busy *disk.BusyError
		if err == nil || errors.As(err, &busy) || !strings.Contains(err.Error(), fmt.Sprintf("%q", path)) {
			t.Errorf("%q: got %v", path, err)
		}
	}
}

func blank(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "img")
	if created, err := disk.Create(t.Context(), disk.Image{Path: path, SizeMiB: 1}, tools(nil)); !created || err != nil {
		t.Fatalf("got %v %v", created, err)
	}
	return path
}

// wantBusy takes a missing holder on systems that cannot tell it.
func wantBusy(t *testing.T, err error, path string, pid int) {
	t.Helper()
	var busy *disk.BusyError
	if !errors.As(err, &busy) || busy.Path != path || !strings.Contains(err.Error(), fmt.Sprintf("%q is in use", path)) {
		t.Fatalf("want busy, got %v", err)
	}
	if busy.Holder.PID != pid && busy.Holder.PID != 0 {
		t.Errorf("held by %v, want %d", busy.Holder, pid)
	}
	wantHint(t, err, "another VM")
}
