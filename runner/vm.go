package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"microvm/runner/console"
)

// How long processes may take to obey SIGTERM.
const (
	daemonPatience     = 2 * time.Second
	hypervisorPatience = 2 * time.Second
)

// VM is a running VM.
type VM struct {
	plan    *Plan
	opts    StartOptions
	spawner *spawner
	undos   []func() error

	process *process
	daemons []*process
	control Control
	started time.Time
	screen  *console.Tail
	printed console.Counter

	stopping atomic.Bool
	reached  atomic.Bool
	hung     atomic.Pointer[AccelError]
	lost     atomic.Pointer[process]

	done chan struct{}
	err  error
}

// StopStep is what ended a VM.
type StopStep string

// The steps of Stop, in order.
const (
	StoppedPowerButton StopStep = "the power button"
	StoppedCtrlAltDel  StopStep = "ctrl-alt-del"
	StoppedTerminated  StopStep = "terminating the hypervisor"
	StoppedKilled      StopStep = "killing the hypervisor"
)

// Pid is the hypervisor's process.
func (vm *VM) Pid() int { return vm.process.cmd.Process.Pid }

// Done is closed when the VM has ended and everything is undone.
func (vm *VM) Done() <-chan struct{} { return vm.done }

// Wait returns when the VM has ended and everything is undone: nil after a
// clean power-off, a reset, or a Stop that ended it.
func (vm *VM) Wait() error {
	<-vm.done
	return vm.err
}

func (vm *VM) supervise() {
	watching, cancel := context.WithCancel(context.Background())
	if vm.plan.watch && vm.control != nil {
		go vm.watchBoot(watching)
	}
	vm.waitProcesses()
	cancel()
	vm.err = errors.Join(vm.verdict(), vm.undo())
	vm.opts.Log.Debug("ended", "process", vm.process.name, "after", time.Since(vm.started).Round(time.Millisecond), "state", vm.process.cmd.ProcessState.String())
	close(vm.done)
}

// waitProcesses returns when the hypervisor has ended. A daemon that ends
// before it takes the VM down, because the guest has lost a disk.
func (vm *VM) waitProcesses() {
	ended := make(chan *process, len(vm.daemons))
	for _, d := range vm.daemons {
		go func() { <-d.done; ended <- d }()
	}
	select {
	case <-vm.process.done:
		return
	case d := <-ended:
		select {
		case <-vm.process.done:
			// The daemon ended because the hypervisor did.
			return
		case <-time.After(time.Second):
		}
		vm.lost.Store(d)
		vm.process.end(hypervisorPatience)
	}
}

// undo takes back everything, last first.
func (vm *VM) undo() error {
	var errs []error
	for _, f := range slices.Backward(vm.undos) {
		errs = append(errs, f())
	}
	vm.undos = nil
	vm.spawner.close()
	return errors.Join(errs...)
}

// Stop asks the guest to power off, first by the power button, then by
// ctrl-alt-del, which share the time that ctx leaves, and then ends the
// hypervisor. It returns what worked, once everything is undone.
func (vm *VM) Stop(ctx context.Context) (StopStep, error) {
	vm.stopping.Store(true)
	steps := vm.politeSteps()
	patience := 30 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		patience = time.Until(deadline)
	}
	for _, step := range steps {
		if vm.askToEnd(ctx, step.ask, patience/time.Duration(len(steps))) {
			return step.name, vm.Wait()
		}
	}
	return vm.kill()
}

type stopStep struct {
	name StopStep
	ask  func(context.Context) error
}

// politeSteps are the ways to ask the guest, best first.
func (vm *VM) politeSteps() []stopStep {
	if vm.control != nil {
		return []stopStep{{StoppedPowerButton, vm.control.PowerButton}, {StoppedCtrlAltDel, vm.control.CtrlAltDel}}
	}
	if b, ok := vm.plan.backend.(Shutdowner); ok && vm.plan.Socket != "" {
		return []stopStep{{StoppedPowerButton, func(ctx context.Context) error { return b.Shutdown(ctx, vm.plan.Socket) }}}
	}
	return nil
}

func (vm *VM) askToEnd(ctx context.Context, ask func(context.Context) error, patience time.Duration) bool {
	if err := ask(ctx); err != nil && !vm.process.exited() {
		vm.opts.Log.Debug("stop", "error", err)
		return false
	}
	select {
	case <-vm.process.done:
		return true
	case <-ctx.Done():
		return vm.process.exited()
	case <-time.After(patience):
		return false
	}
}

// Kill ends the hypervisor without asking the guest.
func (vm *VM) Kill() error {
	vm.stopping.Store(true)
	_, err := vm.kill()
	return err
}

func (vm *VM) kill() (StopStep, error) {
	vm.process.signal(syscall.SIGTERM)
	step := StoppedTerminated
	select {
	case <-vm.process.done:
	case <-time.After(hypervisorPatience):
		vm.process.signal(syscall.SIGKILL)
		step = StoppedKilled
	}
	return step, vm.Wait()
}

// verdict says how the VM ended.
func (vm *VM) verdict() error {
	fate := vm.fate()
	switch {
	case vm.hung.Load() != nil:
		return vm.hung.Load()
	case vm.lost.Load() != nil:
		return endedEarly(vm.lost.Load())
	case vm.stopping.Load():
		return nil
	case fate == FatePanic, vm.panicked():
		return &PanicError{Name: vm.plan.Name}
	case fate == FateBroken, vm.process.err != nil && (fate == FateUnknown || fate == FateHost):
		return vm.crash()
	}
	return nil
}

// fate is what the hypervisor says of the guest's end.
func (vm *VM) fate() Fate {
	if vm.control != nil {
		return vm.control.Fate()
	}
	if e, ok := vm.plan.backend.(Exiter); ok {
		return e.ExitFate(vm.process.cmd.ProcessState.ExitCode())
	}
	return FateUnknown
}

// crash blames the accelerator only while nothing has proven it.
func (vm *VM) crash() error {
	err := vm.process.err
	if err == nil {
		err = errors.New("internal error")
	}
	crash := &CrashError{Process: vm.process.name, Err: err, Lines: vm.process.tail.Lines()}
	for _, d := range vm.daemons {
		if d.exited() && d.err != nil {
			// What the hypervisor says then is only that it cannot connect.
			return errors.Join(endedEarly(d), crash)
		}
	}
	if reason, failed := crash.accelFailure(); failed && vm.plan.watch && !vm.reached.Load() {
		return &AccelError{Accel: vm.plan.Accel, Reason: reason}
	}
	return crash
}

// screenLines is how much of the console is kept: a panic's trace has some 50.
const screenLines = 200

// panicked looks for what the kernel says of it: with panic=-1 a panic is a
// reset, which no hypervisor can tell from a reboot.
func (vm *VM) panicked() bool {
	return slices.ContainsFunc(vm.screen.Lines(), func(line string) bool {
		return strings.Contains(line, "Kernel panic - not syncing")
	})
}

func endedEarly(p *process) error {
	state := "it ended"
	if p.err != nil {
		state = p.err.Error()
	}
	return fmt.Errorf("%s ended while the VM needs it: %s%s", p.name, state, quoteLines(p.tail.Lines()))
}

// quoteLines indents the end of a process's output below a message.
func quoteLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return "\n  " + strings.Join(lines, "\n  ")
}
