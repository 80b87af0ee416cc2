package runner

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestFileCheck(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		f    File
		want string
	}{
		{File{Path: file, Field: "boot.kernel"}, ""},
		{File{Path: dir, Field: "shares[0].source", Dir: true}, ""},
		{File{Path: dir + "/no", Field: "boot.kernel"}, `boot.kernel: "` + dir + `/no" does not exist`},
		{File{Path: dir, Field: "boot.kernel"}, `boot.kernel: "` + dir + `" is a directory`},
		{File{Path: file, Field: "shares[0].source", Dir: true}, `shares[0].source: "` + file + `" is not a directory`},
	}
	for _, tt := range tests {
		if got := message(tt.f.Check(context.Background())); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestPortCheck(t *testing.T) {
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	tcpPort, udpPort := tcp.Addr().(*net.TCPAddr).Port, udp.LocalAddr().(*net.UDPAddr).Port
	for _, p := range []*Port{
		{Proto: "tcp", Address: "127.0.0.1", Port: tcpPort}, {Proto: "tcp", Port: tcpPort}, {Proto: "udp", Port: udpPort},
	} {
		want := fmt.Sprintf("%s is already in use", p)
		if got := message(p.Check(context.Background())); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	free := &Port{Proto: "udp", Address: "127.0.0.2", Port: udpPort}
	if err := free.Check(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestSocket(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "s")
	s := &Socket{Path: path}
	if err := s.Check(ctx); err != nil {
		t.Errorf("nothing there: %v", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(ctx); err == nil || !strings.Contains(err.Error(), "somebody listens on") {
		t.Errorf("a live one: %v", err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if err := s.Check(ctx); err != nil {
		t.Errorf("a stale one: %v", err)
	}
	undo, err := s.Up(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the stale one is still there")
	}
	if err := undo(); err != nil {
		t.Errorf("undone without a socket: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(ctx); err == nil || !strings.Contains(err.Error(), "is in the way of a socket") {
		t.Errorf("a file: %v", err)
	}
}

func TestLock(t *testing.T) {
	ctx := context.Background()
	l := newLock("web", "/vms/web", t.TempDir())
	undo, err := l.Up(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`"web" is already running in this directory (process %d)`, os.Getpid())
	if got := message(l.Check(ctx)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for range 2 {
		if err := undo(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(l.Path); err == nil {
		t.Error("the file is still there")
	}
	if err := l.Check(ctx); err != nil {
		t.Error(err)
	}
}

// TestLockExcludes: however many take and drop it, one at a time has it.
func TestLockExcludes(t *testing.T) {
	dir := t.TempDir()
	var inside, taken sync.Map
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 {
				undo, err := newLock("web", "/vms/web", dir).Up(context.Background())
				if err != nil {
					continue
				}
				taken.Store(i, true)
				if _, other := inside.LoadOrStore("holder", i); other {
					t.Error("two hold the lock")
				}
				inside.Delete("holder")
				if err := undo(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n := 0
	taken.Range(func(any, any) bool { n++; return true })
	if n == 0 {
		t.Error("nobody ever had it")
	}
}

func TestPreStart(t *testing.T) {
	dir := t.TempDir()
	if _, err := (&PreStart{Script: "echo hi > out", dir: dir}).Up(context.Background()); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "out")); err != nil || string(b) != "hi\n" {
		t.Errorf("%q, %v", b, err)
	}
	_, err := (&PreStart{Script: "echo why >&2; false | true; echo not reached", dir: dir}).Up(context.Background())
	if got, want := message(err), "preStart: exit status 1\n  why"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInstall(t *testing.T) {
	s := parseSpec(t, `"vcpu":2,"vsock":{"cid":7},"binScripts":{"hello":"echo hello"},
		"interfaces":[{"type":"tap","id":"t0"},{"type":"macvtap","id":"m0","mac":"02:00:00:00:00:01","macvtap":{"link":"eth0","mode":"bridge"}}],
		"devices":[{"bus":"pci","path":"0000:01:00.0"}],
		"shares":[{"tag":"src","source":"/src","mountPoint":"/src","proto":"virtiofs"}]`)
	file := filepath.Join(t.TempDir(), "in.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "it's a runner")
	if err := Install(file, s, dir, "microvm"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"share/microvm/spec.json":           "{}",
		"share/microvm/hypervisor":          "qemu\n",
		"share/microvm/tap-flags":           "vnet_hdr\nmulti_queue\n",
		"share/microvm/tap-interfaces":      "t0\n",
		"share/microvm/macvtap-interfaces":  "m0 02:00:00:00:00:01 eth0 bridge\n",
		"share/microvm/pci-devices":         "0000:01:00.0\n",
		"share/microvm/vsock-cid":           "7\n",
		"share/microvm/virtiofs/src/source": "/src\n",
		"share/microvm/virtiofs/src/socket": "web-virtiofs-src.sock\n",
		"bin/hello":                         "#!/usr/bin/env bash\necho hello\n",
		"bin/microvm-run":                   "#!/bin/sh\nexec microvm run '" + strings.ReplaceAll(dir, "'", `'\''`) + "' \"$@\"\n",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	if err := Install(file, s, dir, "microvm"); err == nil {
		t.Error("installed over a runner")
	}
}

func TestInstallFromNix(t *testing.T) {
	for _, wanted := range []bool{true, false} {
		s := parseSpec(t, fmt.Sprintf(`"systemSymlink":%t`, wanted))
		s.Boot.Toplevel, s.Tools = "/nix/store/nixos", map[string]string{"qemu": "/nix/store/qemu"}
		dir := filepath.Join(t.TempDir(), "runner")
		file := filepath.Join(t.TempDir(), "in.json")
		if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Install(file, s, dir, "/nix/store/microvm"); err != nil {
			t.Fatal(err)
		}
		target, err := os.Readlink(filepath.Join(dir, "share/microvm/system"))
		if run, err := os.ReadFile(filepath.Join(dir, "bin/microvm-run")); err != nil ||
			string(run) != "#!/bin/sh\nexec /nix/store/microvm run --host-tools guest "+dir+" \"$@\"\n" {
			t.Errorf("microvm-run: %q, %v", run, err)
		}
		if (err == nil) != wanted || wanted && target != "/nix/store/nixos" {
			t.Errorf("systemSymlink %t: link to %q, %v", wanted, target, err)
		}
	}
}
