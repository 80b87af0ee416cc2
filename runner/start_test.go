package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/term"
)

// TestMain is also the processes of the VMs in these tests.
func TestMain(m *testing.M) {
	if act, ok := acts[os.Getenv("RUNNER_TEST_ACT")]; ok {
		act()
		return
	}
	if len(os.Args) > 2 && os.Args[1] == ReaperCommand {
		// Where a test's facts say that this program is microvm.
		os.Exit(reap(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

func reap(number string, sockets []string) int {
	pid, err := strconv.Atoi(number)
	if err == nil {
		err = Reap(os.Stdin, pid, sockets)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// acts are what a test's process does; the last argument is its socket or text.
var acts = map[string]func(){
	"listen": func() { listenAt(os.Args[1]); forever() },
	"serve-briefly": func() {
		l := listenAt(os.Args[1])
		_, _ = l.Accept()
		fmt.Fprintln(os.Stderr, "daemon: lost interest")
		os.Exit(3)
	},
	"listen-now": func() {
		// Said before, because afterwards the VM may be quicker.
		fmt.Fprintln(os.Stderr, time.Now().UnixNano())
		listenAt(os.Args[1])
		forever()
	},
	"silent": forever,
	"fail": func() {
		fmt.Fprintln(os.Stderr, os.Args[1])
		os.Exit(7)
	},
	"print":       func() { fmt.Println(os.Args[1:]) },
	"read-keys":   readKeys,
	"is-terminal": func() { fmt.Println(term.IsTerminal(int(os.Stdin.Fd()))) },
	"dial": func() {
		c, err := net.Dial("unix", os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		c.Close()
		forever()
	},
}

func forever() { select {} }

func listenAt(path string) net.Listener {
	l, err := net.Listen("unix", path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return l
}

// act is a command of this test binary.
func act(name string, args ...string) Command {
	return Command{Path: os.Args[0], Args: args, Env: []string{"RUNNER_TEST_ACT=" + name}}
}

// record is a resource that writes down what happens to it.
type record struct {
	name         string
	log          *[]string
	upErr, chErr error
}

func (r record) String() string              { return r.name }
func (r record) Check(context.Context) error { return r.chErr }
func (r record) Up(context.Context) (func() error, error) {
	*r.log = append(*r.log, "up "+r.name)
	if r.upErr != nil {
		return nil, r.upErr
	}
	return func() error { *r.log = append(*r.log, "down "+r.name); return nil }, nil
}

func startOptions(out *bytes.Buffer) StartOptions {
	return StartOptions{Stdout: out, Log: slog.New(slog.DiscardHandler)}
}

func shortContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestStartUndoesInReverse(t *testing.T) {
	var log []string
	dir := t.TempDir()
	socket := filepath.Join(dir, "d.sock")
	p := &Plan{
		Name: "web", Dir: dir, VM: act("print", "hello"), Hypervisor: Hypervisor{Kind: "qemu"},
		Resources: []Resource{record{name: "a", log: &log}, record{name: "b", log: &log}},
		Daemons:   []Daemon{{Name: "d", Command: act("listen", socket), Socket: socket}},
	}
	var out bytes.Buffer
	vm, err := Start(shortContext(t), p, startOptions(&out))
	if err != nil {
		t.Fatal(err)
	}
	if err := vm.Wait(); err != nil {
		t.Error(err)
	}
	if out.String() != "[hello]\n" {
		t.Errorf("console %q", out.String())
	}
	if want := []string{"up a", "up b", "down b", "down a"}; !reflect.DeepEqual(log, want) {
		t.Errorf("got %q, want %q", log, want)
	}
}

func TestStartChecksEverythingFirst(t *testing.T) {
	var log []string
	p := &Plan{VM: act("print"), Resources: []Resource{
		record{name: "a", log: &log, chErr: errors.New("a is bad")}, record{name: "b", log: &log, chErr: errors.New("b is bad")},
	}}
	_, err := Start(shortContext(t), p, startOptions(&bytes.Buffer{}))
	if err == nil || err.Error() != "a is bad\nb is bad" {
		t.Errorf("got %v", err)
	}
	if len(log) > 0 {
		t.Errorf("did %q", log)
	}
}

func TestStartFailureUndoes(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "d.sock")
	tests := map[string]struct {
		plan Plan
		want string
	}{
		"resource": {Plan{Resources: []Resource{record{name: "bad", upErr: errors.New("no")}}, VM: act("print")}, "no"},
		"daemon that cannot be started": {Plan{
			Daemons: []Daemon{{Name: "d", Command: Command{Path: "/nowhere/d"}, Socket: socket}}, VM: act("print"),
		}, "start d: fork/exec /nowhere/d: no such file or directory"},
		"daemon that fails": {Plan{
			Daemons: []Daemon{{Name: "d", Command: act("fail", "bad option"), Socket: socket}}, VM: act("print"),
		}, "d ended while the VM needs it: exit status 7\n  bad option"},
		"hypervisor that cannot be started": {Plan{VM: Command{Path: "/nowhere/vm"}, Hypervisor: Hypervisor{Kind: "qemu"}},
			"start qemu: fork/exec /nowhere/vm: no such file or directory"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var log []string
			p := tt.plan
			for i, r := range p.Resources {
				r := r.(record)
				r.log = &log
				p.Resources[i] = r
			}
			p.Dir, p.Resources = dir, append([]Resource{record{name: "first", log: &log}}, p.Resources...)
			_, err := Start(shortContext(t), &p, startOptions(&bytes.Buffer{}))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			if len(log) == 0 || log[len(log)-1] != "down first" {
				t.Errorf("did %q", log)
			}
		})
	}
}

func TestDaemonThatEndsTakesTheVMDown(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "d.sock")
	p := &Plan{
		Dir: dir, VM: act("dial", socket), Hypervisor: Hypervisor{Kind: "qemu"},
		Daemons: []Daemon{{Name: "d", Command: act("serve-briefly", socket), Socket: socket}},
	}
	vm, err := Start(shortContext(t), p, startOptions(&bytes.Buffer{}))
	if err != nil {
		t.Fatal(err)
	}
	want := "d ended while the VM needs it: exit status 3\n  daemon: lost interest"
	if err := vm.Wait(); err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestCrash(t *testing.T) {
	tests := []struct{ says, hint string }{
		{"Could not access KVM kernel module: Permission denied", "this user may not use /dev/kvm: run `microvm doctor`, or use --accel tcg"},
		{"something new", "`microvm plan` shows the command; run it by hand to see more"},
	}
	for _, tt := range tests {
		p := &Plan{Dir: t.TempDir(), VM: act("fail", tt.says), Hypervisor: Hypervisor{Kind: "qemu"}}
		vm, err := Start(shortContext(t), p, startOptions(&bytes.Buffer{}))
		if err != nil {
			t.Fatal(err)
		}
		var crash *CrashError
		if err := vm.Wait(); !errors.As(err, &crash) {
			t.Fatalf("got %v", err)
		}
		if want := "qemu failed: exit status 7\n  " + tt.says; crash.Error() != want {
			t.Errorf("got %q, want %q", crash, want)
		}
		if crash.Hint() != tt.hint {
			t.Errorf("hint %q, want %q", crash.Hint(), tt.hint)
		}
	}
}

func TestUnprovenAcceleratorIsBlamed(t *testing.T) {
	p := &Plan{Dir: t.TempDir(), VM: act("fail", "kvm: bad"), Hypervisor: Hypervisor{Kind: "qemu"}, Accel: "kvm", watch: true}
	vm, err := Start(shortContext(t), p, startOptions(&bytes.Buffer{}))
	if err != nil {
		t.Fatal(err)
	}
	var accel *AccelError
	if err := vm.Wait(); !errors.As(err, &accel) || accel.Reason != "kvm: bad" {
		t.Errorf("got %v", err)
	}
}

func TestStopWithoutControl(t *testing.T) {
	p := &Plan{Dir: t.TempDir(), VM: act("silent"), Hypervisor: Hypervisor{Kind: "qemu"}}
	vm, err := Start(shortContext(t), p, startOptions(&bytes.Buffer{}))
	if err != nil {
		t.Fatal(err)
	}
	step, err := vm.Stop(shortContext(t))
	if step != StoppedTerminated || err != nil {
		t.Errorf("got %q, %v", step, err)
	}
	if err := vm.Kill(); err != nil {
		t.Errorf("killing it again: %v", err)
	}
}

func TestExtraArgsScript(t *testing.T) {
	p := &Plan{Dir: t.TempDir(), VM: act("print", "own"), Hypervisor: Hypervisor{Kind: "qemu"}, argScript: "echo one '  two'"}
	var out bytes.Buffer
	vm, err := Start(shortContext(t), p, startOptions(&out))
	if err != nil {
		t.Fatal(err)
	}
	if err := vm.Wait(); err != nil || out.String() != "[own one two]\n" {
		t.Errorf("%v, %q", err, out.String())
	}
	p.argScript = "echo no >&2; exit 1"
	if _, err := Start(shortContext(t), p, startOptions(&out)); err == nil || err.Error() != "extraArgsScript: exit status 1\n  no" {
		t.Errorf("got %v", err)
	}
}

func TestPanicIsSeenOnTheConsole(t *testing.T) {
	p := &Plan{Name: "web", Dir: t.TempDir(), VM: act("print", "[ 1.0] Kernel panic - not syncing: x"), Hypervisor: Hypervisor{Kind: "qemu"}}
	vm, err := Start(shortContext(t), p, startOptions(&bytes.Buffer{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := vm.Wait(); err == nil || !strings.Contains(err.Error(), `the kernel of "web" panicked`) {
		t.Errorf("got %v", err)
	}
}
