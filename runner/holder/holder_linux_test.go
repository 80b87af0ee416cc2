package holder_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"microvm/runner/holder"
)

func TestOfNamesEveryProcessOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := holder.Of(path); len(got) != 0 {
		t.Fatalf("nobody has it open, got %v", got)
	}
	child := hold(t, path)
	if got := holder.Of(path); len(got) != 1 || got[0].PID != child || got[0].Name != "sh" {
		t.Fatalf("want only %d (sh), got %v", child, got)
	}
	own, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	got := holder.Of(path)
	if len(got) != 2 || got[0].PID != child || got[1].PID != os.Getpid() {
		t.Fatalf("want %d, then this process %d, got %v", child, os.Getpid(), got)
	}
}

func TestOfFollowsDeviceNumbers(t *testing.T) {
	f, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range holder.Of("/dev/null") {
		if p.PID == os.Getpid() {
			return
		}
	}
	t.Fatal("this process has /dev/null open and was not found")
}

func TestOfMissingFile(t *testing.T) {
	if got := holder.Of(filepath.Join(t.TempDir(), "none")); got != nil {
		t.Fatalf("got %v", got)
	}
}

// hold starts a process that has path open and returns once it does.
func hold(t *testing.T, path string) int {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", `exec 3<"$1"; echo ready; read -r _`, "sh", path)
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
		_ = cmd.Wait()
	})
	if _, err := io.ReadFull(stdout, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}
