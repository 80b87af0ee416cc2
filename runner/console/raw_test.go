//go:build linux || darwin

package console_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"microvm/runner/console"
)

const childVariable = "MICROVM_CONSOLE_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

const patience = 30 * time.Second

// child is a program in raw mode that says each byte it reads and ends at "q".
func child() int {
	restore, err := console.Raw(os.Stdin)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	for key := make([]byte, 1); key[0] != 'q'; {
		if _, err := os.Stdin.Read(key); err != nil {
			return 1
		}
		fmt.Printf("key %d\n", key[0])
	}
	if restore() != nil {
		return 1
	}
	return 0
}

func TestRawAndBack(t *testing.T) {
	master, tty := openPTY(t)
	before := mode(t, tty)
	restore, err := console.Raw(tty)
	if err != nil {
		t.Fatal(err)
	}
	const keys = "\x03\x1a\x01x"
	press(t, master, keys)
	got := make([]byte, len(keys))
	if _, err := io.ReadFull(tty, got); err != nil || string(got) != keys {
		t.Errorf("pressed %q, read %q %v", keys, got, err)
	}
	if _, err := tty.WriteString("a\nb"); err != nil {
		t.Fatal(err)
	}
	if got, err := bufio.NewReader(master).ReadString('b'); err != nil || got != "a\r\nb" {
		t.Errorf("output was %q %v", got, err)
	}
	for range 2 {
		if err := restore(); err != nil {
			t.Error(err)
		}
		if after := mode(t, tty); after != before {
			t.Errorf("mode before %+v, after %+v", before, after)
		}
	}
}

func TestRawNeedsATerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := console.Raw(f); !errors.Is(err, unix.ENOTTY) {
		t.Errorf("got %v", err)
	}
}

func TestStopGivesTheTerminalBack(t *testing.T) {
	master, tty := openPTY(t)
	before := mode(t, tty)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewScanner(master)
	expect(t, out, "ready")
	if mode(t, tty) == before {
		t.Fatal("the terminal is not raw")
	}

	if err := cmd.Process.Signal(unix.SIGTSTP); err != nil {
		t.Fatal(err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(cmd.Process.Pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("not stopped: %v %v", status, err)
	}
	if after := mode(t, tty); after != before {
		t.Errorf("mode of the stopped program %+v, want %+v", after, before)
	}

	if err := cmd.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	// Until the terminal is raw, "a" waits for the end of its line and Ctrl-C would be an interrupt.
	press(t, master, "a")
	expect(t, out, "key 97")
	press(t, master, "\x03q")
	expect(t, out, "key 3")
	expect(t, out, "key 113")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if after := mode(t, tty); after != before {
		t.Errorf("mode after the end %+v, want %+v", after, before)
	}
}

// TestEscapeAtATerminal is the whole of a foreground console: keys typed at one terminal arrive at another.
func TestEscapeAtATerminal(t *testing.T) {
	keyboard, tty := openPTY(t)
	restore, err := console.Raw(tty)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := restore(); err != nil {
			t.Error(err)
		}
	}()
	var guest strings.Builder
	stopped := errors.New("stopped")
	ctx, stop := context.WithCancelCause(t.Context())
	press(t, keyboard, "date\r\x03\x01x")
	err = console.NewEscape(tty, &guest, func(k console.Key) {
		if k == console.KeyStop {
			stop(stopped)
		}
	}).Run(ctx)
	if !errors.Is(err, stopped) || guest.String() != "date\r\x03" {
		t.Errorf("got %q %v", guest.String(), err)
	}
}

func openPTY(t *testing.T) (master, tty *os.File) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tty.Close()
		master.Close()
	})
	if err := master.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return master, tty
}

func mode(t *testing.T, tty *os.File) term.State {
	t.Helper()
	state, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return *state
}

func expect(t *testing.T, out *bufio.Scanner, want string) {
	t.Helper()
	for out.Scan() {
		// What a cooked terminal echoed may stand before it.
		if strings.HasSuffix(strings.TrimRight(out.Text(), "\r"), want) {
			return
		}
	}
	t.Fatalf("no %q before the end: %v", want, out.Err())
}

func press(t *testing.T, master *os.File, keys string) {
	t.Helper()
	if _, err := master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}
