package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"

	"microvm/runner/kvm"
)

// patience is how long a script waits for what has to happen.
const patience = 60 * time.Second

// use TOOL... puts the host's real tools into the script's $PATH.
func use(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		path := hostTool(name)
		if path == "" {
			ts.Fatalf("this host has no %s; skip the script on [!tool:%s]", name, name)
		}
		ts.Check(os.Symlink(path, filepath.Join(ts.Getenv("WORK"), "bin", name)))
	}
}

// hostTool is the path of one of the host's programs, or empty.
func hostTool(name string) string {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin", "/usr/libexec", "/usr/lib/qemu") {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	return ""
}

// expand FILE... replaces $VARIABLES of the script's environment in files.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		path := ts.MkAbs(name)
		b, err := os.ReadFile(path)
		ts.Check(err)
		text := regexp.MustCompile(`\$[A-Z]+`).ReplaceAllStringFunc(string(b), func(v string) string { return ts.Getenv(v[1:]) })
		ts.Check(os.WriteFile(path, []byte(text), 0o644))
	}
}

// makeFlake DIR puts the guest's kernel and initrd beside the flake in a directory.
func makeFlake(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	for name, from := range map[string]string{"kernel": ts.Getenv("KERNEL"), "initrd": ts.Getenv("INITRD")} {
		b, err := os.ReadFile(from)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(dir, name), b, 0o644))
	}
}

// booted [N] demands that the last command's stdout has a guest's hello, N times,
// and counts.
func countBooted(ts *testscript.TestScript, neg bool, args []string) {
	want := 1
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		want = n
	}
	if got := strings.Count(ts.ReadFile("stdout"), "guest: hello from"); got != want {
		ts.Fatalf("%d guests said hello, want %d", got, want)
	}
	booted.Add(int64(want))
}

// waitfile FILE waits until the file has content.
func waitFile(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	await(ts, "content in "+args[0], func() bool {
		st, err := os.Stat(path)
		return err == nil && (st.Size() > 0 || st.Mode().Type() == os.ModeSocket)
	})
}

// waitproc PATTERN waits until a process has the pattern, and the script's
// directory, in its command line; `! waitproc PATTERN` until none has.
func waitProcess(ts *testscript.TestScript, neg bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	await(ts, fmt.Sprintf("process %q: %t", args[0], !neg), func() bool {
		return hasProcess(pattern, ts.Getenv("WORK")) != neg
	})
}

// killproc SIGNAL PATTERN signals the processes that waitproc would find.
func killProcess(ts *testscript.TestScript, neg bool, args []string) {
	signal := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM}[args[0]]
	pids := processes(regexp.MustCompile(args[1]), ts.Getenv("WORK"))
	if signal == 0 || len(pids) == 0 {
		ts.Fatalf("no process %q, or no signal %q", args[1], args[0])
	}
	for _, pid := range pids {
		ts.Check(syscall.Kill(pid, signal))
	}
}

func hasProcess(pattern *regexp.Regexp, work string) bool {
	return len(processes(pattern, work)) > 0
}

func processes(pattern *regexp.Regexp, work string) []int {
	var pids []int
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		b, err := os.ReadFile(f)
		line := string(bytes.ReplaceAll(b, []byte{0}, []byte{' '}))
		if err != nil || !strings.Contains(line, work) || !pattern.MatchString(line) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// exits CODE COMMAND... demands an exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// await asks again and again, because what is waited for has no event.
func await(ts *testscript.TestScript, what string, happened func() bool) {
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	deadline := time.After(patience)
	for !happened() {
		select {
		case <-ticks.C:
		case <-deadline:
			ts.Fatalf("waited %s in vain for %s", patience, what)
		}
	}
}

// listen VARIABLE occupies a TCP port until the script ends, and sets the
// variable to it; `! listen` only finds a free one.
func listen(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp4", ":0")
	ts.Check(err)
	ts.Setenv(args[0], strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	if neg {
		ts.Check(l.Close())
		return
	}
	ts.Defer(func() { l.Close() })
}

// believe makes the next runs take KVM for working, as far as a probe can tell.
func believeKVM(ts *testscript.TestScript, neg bool, args []string) {
	dir := filepath.Join(ts.Getenv("HOME"), ".cache", "microvm")
	ts.Check(kvm.Store(dir, kvm.Cached{Report: kvm.Report{Path: "/dev/kvm", Verdict: kvm.Works}}))
}

// fields compares values of the JSON on stdout: fields PATH VALUE...
func jsonFields(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile("stdout")
	if !json.Valid([]byte(text)) {
		ts.Fatalf("stdout is not JSON")
	}
	for ; len(args) > 1; args = args[2:] {
		if got := gjson.Get(text, args[0]).String(); got != args[1] {
			ts.Fatalf("%s is %q, want %q", args[0], got, args[1])
		}
	}
}
