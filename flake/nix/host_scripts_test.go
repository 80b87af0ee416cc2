package nix_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// script runs one of the host's shell scripts.
func script(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"modules/host/units/" + name}, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestHostInstallScript(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: the script gives files away")
	}
	dir := filepath.Join(t.TempDir(), "vms", "web")
	runs := []struct {
		args []string
		want map[string]string
		gone string
	}{
		{
			[]string{"/nix/store/a-runner", "flake", "git+file:///etc/nixos?ref=o'clock $(x)"},
			map[string]string{"current": "/nix/store/a-runner", "flake": "git+file:///etc/nixos?ref=o'clock $(x)\n"},
			"toplevel",
		},
		{
			[]string{"/nix/store/b-runner", "toplevel", "/nix/store/b-nixos"},
			map[string]string{"current": "/nix/store/b-runner", "toplevel": "/nix/store/b-nixos"},
			"flake",
		},
		{
			[]string{"/nix/store/c-runner", "toplevel", "/nix/store/c-nixos"},
			map[string]string{"current": "/nix/store/c-runner", "toplevel": "/nix/store/c-nixos"},
			"flake",
		},
	}
	for _, run := range runs {
		if out, err := script(t, "install.sh", append([]string{dir, "root"}, run.args...)...); err != nil {
			t.Fatalf("install.sh %q: %v\n%s", run.args, err, out)
		}
		for name, want := range run.want {
			if got := linkOrText(t, filepath.Join(dir, name)); got != want {
				t.Errorf("after %q %s is %q, want %q", run.args, name, got, want)
			}
		}
		if _, err := os.Lstat(filepath.Join(dir, run.gone)); err == nil {
			t.Errorf("after %q %s is still there", run.args, run.gone)
		}
		// What an interrupted run leaves behind.
		if err := os.Symlink("/nonexistent", filepath.Join(dir, "current.new")); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(dir)
	if want := os.ModeDir | os.ModeSticky | 0o770; err != nil || info.Mode() != want {
		t.Errorf("the directory has mode %v, %v, want %v", info.Mode(), err, want)
	}
}

func linkOrText(t *testing.T, path string) string {
	t.Helper()
	if to, err := os.Readlink(path); err == nil {
		return to
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestHostStopScript(t *testing.T) {
	dir := t.TempDir()
	program := func(name, text string) string {
		path := filepath.Join(dir, name)
		writeFile(t, path, "#!/bin/sh\n"+text+"\n", 0o755)
		return path
	}
	asks, fails := program("asks", "echo asked"), program("fails", "exit 1")
	waits, none := program("waits", `echo waited "$@"`), filepath.Join(dir, "none")
	tests := []struct {
		shutdown, pid, want string
		fails               bool
	}{
		{shutdown: asks, pid: "42", want: "asked\nwaited --exited 42\n"},
		{shutdown: asks, pid: "", want: ""},
		{shutdown: none, pid: "42", want: ""},
		{shutdown: fails, pid: "42", want: "", fails: true},
	}
	for _, tt := range tests {
		args := append([]string{tt.shutdown, waits}, strings.Fields(tt.pid)...)
		if out, err := script(t, "stop.sh", args...); out != tt.want || (err != nil) != tt.fails {
			t.Errorf("stop.sh %q printed %q, %v, want %q", args, out, err, tt.want)
		}
	}
	for name, want := range map[string]string{waits: "waited 42\n", none: ""} {
		if out, err := script(t, "if-present.sh", name, "42"); out != want || err != nil {
			t.Errorf("if-present.sh %s printed %q, %v, want %q", name, out, err, want)
		}
	}
}
