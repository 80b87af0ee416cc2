package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"microvm/runner/console"
	"microvm/runner/link"
)

// StartOptions are what a running VM is connected to.
type StartOptions struct {
	// Stdin is what the guest's console reads; nil is nothing.
	Stdin *os.File
	// Stdout is where the guest's console goes.
	Stdout io.Writer
	// Stderr gets the messages of hypervisor and daemons as they come; nil
	// keeps them for the error in case one fails.
	Stderr io.Writer
	// Log gets the processes' starts and ends.
	Log *slog.Logger
}

// Start checks all resources, makes them, starts the daemons, waits for their
// sockets, and starts the hypervisor. If anything fails it undoes what it did,
// last first.
func Start(ctx context.Context, p *Plan, o StartOptions) (*VM, error) {
	if err := p.Check(ctx); err != nil {
		return nil, err
	}
	if o.Stderr != nil {
		o.Stderr = &lockedWriter{w: o.Stderr}
	}
	vm := &VM{plan: p, opts: o, spawner: newSpawner(), screen: &console.Tail{Limit: screenLines}, done: make(chan struct{})}
	if err := vm.start(ctx); err != nil {
		return nil, errors.Join(err, vm.undo())
	}
	go vm.supervise()
	return vm, nil
}

// Check finds what would fail on this host and changes nothing. That the VM runs
// already explains whatever else is in the way.
func (p *Plan) Check(ctx context.Context) error {
	var problems []error
	for _, r := range p.Resources {
		err := r.Check(ctx)
		if _, running := r.(*Lock); running && err != nil {
			return err
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// Warnings are what a user should know and no reason not to start.
func (p *Plan) Warnings() []string {
	var all []string
	for _, r := range p.Resources {
		if w, ok := r.(interface{ Warnings() []string }); ok {
			all = append(all, w.Warnings()...)
		}
	}
	return all
}

func (vm *VM) start(ctx context.Context) error {
	if err := vm.makeResources(ctx); err != nil {
		return err
	}
	if err := vm.startDaemons(ctx); err != nil {
		return err
	}
	return vm.startHypervisor(ctx)
}

func (vm *VM) makeResources(ctx context.Context) error {
	for _, r := range vm.plan.Resources {
		undo, err := r.Up(ctx)
		if err != nil {
			return err
		}
		if undo != nil {
			vm.undos = append(vm.undos, undo)
		}
	}
	return nil
}

func (vm *VM) startDaemons(ctx context.Context) error {
	var ready sync.WaitGroup
	errs := make([]error, len(vm.plan.Daemons))
	for i, d := range vm.plan.Daemons {
		p, err := vm.spawner.start(d.Name, d.Command, vm.plan.Dir, stdio{stdout: vm.opts.Stderr, stderr: vm.opts.Stderr})
		if err != nil {
			errs[i] = err
			break
		}
		vm.opts.Log.Debug("started", "process", d.Name, "pid", p.cmd.Process.Pid, "command", d.Command.String())
		vm.daemons = append(vm.daemons, p)
		vm.undos = append(vm.undos, func() error { p.end(daemonPatience); return nil })
		ready.Go(func() { errs[i] = waitSocket(ctx, p, d.Socket) })
	}
	ready.Wait()
	return errors.Join(errs...)
}

func (vm *VM) startHypervisor(ctx context.Context) error {
	control, err := vm.launch(ctx)
	if err != nil || control == nil {
		return err
	}
	return vm.attach(ctx, control)
}

// launch starts the hypervisor and returns our end of its control socket. Its own
// end is closed here, so that we see when it goes.
func (vm *VM) launch(ctx context.Context) (control net.Conn, err error) {
	control, files, err := vm.inherited()
	defer closeAll(files)
	defer func() {
		if err != nil && control != nil {
			err = errors.Join(err, control.Close())
		}
	}()
	if err != nil {
		return control, err
	}
	c := vm.plan.VM
	extra, err := vm.extraArgs(ctx)
	if err != nil {
		return control, err
	}
	c.Args = append(c.Args[:len(c.Args):len(c.Args)], extra...)
	stdin, err := vm.stdin()
	if err != nil {
		return control, err
	}
	out := io.MultiWriter(vm.opts.Stdout, vm.screen, &vm.printed)
	vm.process, err = vm.spawner.start(vm.plan.Hypervisor.Kind, c, vm.plan.Dir,
		stdio{stdin: stdin, stdout: out, stderr: vm.opts.Stderr, files: files})
	if err != nil {
		return control, err
	}
	vm.started = time.Now()
	vm.opts.Log.Debug("started", "process", vm.plan.Hypervisor.Kind, "pid", vm.Pid(), "command", c.String())
	vm.undos = append(vm.undos, func() error { vm.process.end(hypervisorPatience); return nil })
	return control, vm.startReaper()
}

// attach waits until the hypervisor answers; one that ends first is not an
// error yet, because the guest may be that quick: Wait judges it.
func (vm *VM) attach(ctx context.Context, conn net.Conn) error {
	ctl, err := vm.plan.backend.(Controlled).Attach(ctx, conn)
	if err != nil {
		conn.Close()
		select {
		case <-vm.process.done:
			return nil
		case <-time.After(time.Second):
			return fmt.Errorf("control of %s: %w", vm.process.name, err)
		}
	}
	vm.control = ctl
	vm.undos = append(vm.undos, ctl.Close)
	if vm.plan.Socket != "" {
		// Whoever connects rules the VM; the hypervisor goes by the umask.
		if err := os.Chmod(vm.plan.Socket, 0o600); err != nil && !vm.process.exited() {
			return fmt.Errorf("control socket: %w", err)
		}
	}
	if vm.plan.balloon > 0 {
		if err := ctl.Balloon(ctx, vm.plan.balloon); err != nil {
			return fmt.Errorf("initial balloon: %w", err)
		}
	}
	return nil
}

// inherited opens the descriptors in the order that the plan numbered them.
func (vm *VM) inherited() (control net.Conn, files []*os.File, err error) {
	if vm.plan.control {
		ours, theirs, err := socketPair()
		if err != nil {
			return nil, nil, err
		}
		control, files = ours, append(files, theirs)
	}
	for _, q := range vm.plan.queues {
		opened, err := link.OpenMacvtap(q.id, q.n)
		if err != nil {
			return control, files, err
		}
		files = append(files, opened...)
	}
	return control, files, nil
}

// socketPair is a connection whose one end a child can inherit.
func socketPair() (ours net.Conn, theirs *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("control socket: %w", err)
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	mine := os.NewFile(uintptr(fds[0]), "control")
	theirs = os.NewFile(uintptr(fds[1]), "control")
	defer mine.Close()
	ours, err = net.FileConn(mine)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("control socket: %w", err), theirs.Close())
	}
	return ours, theirs, nil
}

// extraArgs are the words that extraArgsScript prints, as a shell splits them.
func (vm *VM) extraArgs(ctx context.Context) ([]string, error) {
	if vm.plan.argScript == "" {
		return nil, nil
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", vm.plan.argScript)
	cmd.Dir = vm.plan.Dir
	tail := &console.Tail{}
	cmd.Stderr = tail
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("extraArgsScript: %w%s", err, quoteLines(tail.Lines()))
	}
	return strings.Fields(string(out)), nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
