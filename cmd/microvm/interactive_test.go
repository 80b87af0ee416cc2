package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// child is microvm, run by somebody who reads what it prints before typing on.
type child struct {
	t    *testing.T
	dir  string
	cmd  *exec.Cmd
	keys io.Writer
	out  *bufio.Reader
	tty  *os.File
	text strings.Builder
}

// runGuest starts `microvm run` of a guest that does what the kernel parameters
// say, at a terminal or with pipes.
func runGuest(t *testing.T, atTerminal bool, params ...string) *child {
	t.Helper()
	if why := whyNoGuests(); why != "" {
		t.Skip(why)
	}
	if hostTool("qemu-system-x86_64") == "" {
		t.Skip("this host has no qemu-system-x86_64")
	}
	dir := t.TempDir()
	spec, err := json.Marshal(map[string]any{
		"version": 1, "name": "web", "system": "x86_64-linux",
		"boot": map[string]any{
			"kernel": testKernel(), "initrd": os.Getenv("MICROVM_TEST_INITRD"), "kernelParams": append(params, "quiet", "hostname=web"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "spec.json")
	if err := os.WriteFile(file, spec, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, dir: dir, cmd: exec.Command(os.Args[0], "run", file, "--dir", dir, "--accel", "tcg")}
	c.cmd.Args[0] = "microvm"
	c.cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CACHE_HOME="+dir, "XDG_RUNTIME_DIR="+dir)
	c.start(atTerminal)
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	return c
}

func (c *child) start(atTerminal bool) {
	c.t.Helper()
	if !atTerminal {
		r, w, err := os.Pipe()
		if err != nil {
			c.t.Fatal(err)
		}
		c.cmd.Stdout, c.cmd.Stderr = w, w
		if err := c.cmd.Start(); err != nil {
			c.t.Fatal(err)
		}
		w.Close()
		c.out = bufio.NewReader(r)
		return
	}
	ptm, tty, err := pty.Open()
	if err != nil {
		c.t.Fatal(err)
	}
	c.tty = tty
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = tty, tty, tty
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.keys, c.out = ptm, bufio.NewReader(ptm)
	c.t.Cleanup(func() { ptm.Close(); tty.Close() })
}

// expect reads on until a line matches.
func (c *child) expect(pattern string) {
	c.t.Helper()
	re := regexp.MustCompile(pattern)
	found := make(chan error, 1)
	go func() {
		for {
			line, err := c.out.ReadString('\n')
			c.text.WriteString(line)
			if re.MatchString(line) || err != nil {
				found <- err
				return
			}
		}
	}()
	select {
	case err := <-found:
		if err != nil {
			c.t.Fatalf("no %q: %v in\n%s", pattern, err, c.text.String())
		}
	case <-time.After(patience):
		c.t.Fatalf("no %q within %s", pattern, patience)
	}
	if strings.Contains(pattern, "hello from") {
		booted.Add(1)
	}
}

func (c *child) press(keys string) {
	c.t.Helper()
	if _, err := io.WriteString(c.keys, keys); err != nil {
		c.t.Fatal(err)
	}
}

func (c *child) signal(s os.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// exit waits for the end, and demands an exit code.
func (c *child) exit(code int) {
	c.t.Helper()
	// A terminal that nobody reads would hold up who writes to it.
	go io.Copy(io.Discard, c.out)
	_ = c.cmd.Wait()
	if got := c.cmd.ProcessState.ExitCode(); got != code {
		c.t.Errorf("exit code %d, want %d, after\n%s", got, code, c.text.String())
	}
}

func TestConsole(t *testing.T) {
	c := runGuest(t, true, "microvm.test.action=shell-echo")
	before, err := term.GetState(int(c.tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	c.expect("console attached: Ctrl-a x stops the guest")
	c.expect("guest: hello from web")
	c.expect("guest: waiting")
	if st, err := os.Stat(filepath.Join(c.dir, "web.sock")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("control socket: %v, %v", st, err)
	}
	c.press("one\n")
	c.expect(`guest: echo="one"`)
	c.press("\x01a\n")
	c.expect(`guest: echo="\\x01"`)
	c.press("\x01h")
	c.expect("Ctrl-a x +shut the guest down")
	c.press("\x01x")
	c.expect("asking the guest to power off")
	c.expect("guest: shutdown=powerbutton")
	c.expect("the guest was stopped by the power button")
	c.exit(0)
	after, err := term.GetState(int(c.tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if *before != *after {
		t.Error("the terminal is not as it was")
	}
}

func TestConsolePassesCtrlC(t *testing.T) {
	c := runGuest(t, true, "microvm.test.action=shell-echo")
	c.expect("guest: hello from web")
	c.expect("guest: waiting")
	c.press("\x03")
	c.press("poweroff\n")
	c.expect("guest: action=poweroff")
	c.exit(0)
}

func TestStopTwiceKills(t *testing.T) {
	for _, atTerminal := range []bool{false, true} {
		c := runGuest(t, atTerminal, "microvm.test.action=hang", "microvm.test.ignore-shutdown")
		c.expect("guest: hello from web")
		c.expect("guest: hanging")
		again := func() { c.signal(os.Interrupt) }
		if atTerminal {
			again = func() { c.press("\x01x") }
		}
		again()
		c.expect("asking the guest to power off; once more kills it")
		again()
		c.expect("killing the guest")
		c.expect("error: the guest was killed")
		c.exit(1)
	}
}
