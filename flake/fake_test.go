package flake

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The tests' nix is the test binary itself: it answers from this variable.
const fakeVariable = "FLAKE_TEST_NIX"

// reply is what the fake nix does if its arguments, joined by spaces, contain Match.
type reply struct {
	Match, Stdout, Stderr string
	Code                  int
	// Hang waits for an interrupt ("polite") or to be killed ("deaf"), after writing Stderr.
	Hang string
	// Leave starts a deaf child that keeps stderr open, and prints its process id.
	Leave bool
}

type fakeSetup struct {
	Log     string
	Replies []reply
}

func TestMain(m *testing.M) {
	if setup := os.Getenv(fakeVariable); setup != "" {
		os.Exit(fakeNix(setup))
	}
	os.Exit(m.Run())
}

func fakeNix(encoded string) int {
	var setup fakeSetup
	if err := json.Unmarshal([]byte(encoded), &setup); err != nil {
		panic(err)
	}
	argv := strings.Join(os.Args[1:], " ")
	log, err := os.OpenFile(setup.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(log, "%q\n", argv)
	log.Close()
	for _, r := range setup.Replies {
		if strings.Contains(argv, r.Match) {
			return r.play()
		}
	}
	fmt.Fprintf(os.Stderr, "error: the test has no answer to %q\n", argv)
	return 1
}

func (r reply) play() int {
	signals := make(chan os.Signal, 1)
	if r.Hang != "" {
		signal.Notify(signals, os.Interrupt)
	}
	if r.Leave {
		r.Stdout = leaveChild()
	}
	fmt.Print(r.Stdout)
	fmt.Fprint(os.Stderr, r.Stderr)
	switch r.Hang {
	case "polite":
		<-signals
		fmt.Fprintln(os.Stderr, "error: interrupted by the user")
		return 1
	case "deaf":
		for range signals {
		}
	}
	return r.Code
}

func leaveChild() string {
	setup, err := json.Marshal(fakeSetup{Log: os.DevNull, Replies: []reply{{Hang: "deaf"}}})
	if err != nil {
		panic(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = []string{fakeVariable + "=" + string(setup)}
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		panic(err)
	}
	return strconv.Itoa(child.Process.Pid)
}

// fakeCLI is a nix that knows these replies only, and a function that tells the command lines it got.
func fakeCLI(t testing.TB, replies ...reply) (*CLI, func() []string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	setup, err := json.Marshal(fakeSetup{Log: log, Replies: replies})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	calls := func() []string {
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(data)), "\n")
	}
	// A test binary with the race detector sleeps for a second before it exits, unless told not to.
	return &CLI{Path: self, Env: []string{fakeVariable + "=" + string(setup), "GORACE=atexit_sleep_ms=0"}}, calls
}

// realCLI is the nix of this machine, told to need no build users, no sandbox, no network and nobody's home directory.
func realCLI(t testing.TB) *CLI {
	t.Helper()
	path, err := exec.LookPath("nix")
	if err != nil {
		t.Skip("no real Nix to test with: " + err.Error())
	}
	home := t.TempDir()
	return &CLI{Path: path, Env: []string{
		"HOME=" + home,
		"XDG_CACHE_HOME=" + filepath.Join(home, "cache"),
		"XDG_CONFIG_HOME=" + filepath.Join(home, "config"),
		"NIX_CONFIG=build-users-group =\nsandbox = false\nsubstituters =",
	}}
}

// writeFlake puts a flake.nix into a directory of its own and returns a `path:` reference to it.
func writeFlake(t testing.TB, text string) Ref {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Ref{URL: "path:" + dir}
}
