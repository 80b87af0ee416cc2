package runner

import (
	"context"

	"microvm/runner/bootwatch"
)

// watchBoot ends a VM whose guest never reaches its kernel.
func (vm *VM) watchBoot(ctx context.Context) {
	w := bootwatch.Watch{
		ProgramCounters: vm.control.ProgramCounters,
		ConsoleBytes:    vm.printed.Count,
		Load:            func() (bootwatch.Load, error) { return bootwatch.LoadOf(vm.Pid()) },
	}
	r := w.Run(ctx)
	vm.opts.Log.Debug("watched the boot", "outcome", r.Outcome, "reason", r.Reason)
	switch r.Outcome {
	case bootwatch.Reached:
		vm.reached.Store(true)
	case bootwatch.Hung:
		vm.hung.Store(&AccelError{Accel: vm.plan.Accel, Reason: r.Reason})
		vm.process.end(hypervisorPatience)
	}
}

// ReachedKernel tells whether the boot watchdog saw the guest's kernel run.
func (vm *VM) ReachedKernel() bool { return vm.reached.Load() }
