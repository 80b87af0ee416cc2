package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// survivor is a resource that stays with the process when it becomes the
// hypervisor, and that the kernel takes back when that ends.
type survivor interface{ survive() error }

// NeedsSupervisor tells whether somebody has to stay beside the hypervisor: for
// daemons, for what is undone afterwards, for a guest that is asked to power off
// through its control socket, for a hypervisor that reads a terminal, or for an
// accelerator that nothing has proven.
func (p *Plan) NeedsSupervisor() bool {
	return p.Socket != "" || len(p.Daemons) > 0 || len(p.queues) > 0 || p.balloon > 0 || p.watch || p.switchesUser || p.terminal ||
		slices.ContainsFunc(p.Resources, needsUndo)
}

func needsUndo(r Resource) bool {
	switch r := r.(type) {
	case *File, *Port, *PCIDevice, *PreStart, *Lock:
		return false
	case *VolumeFile:
		return r.Ephemeral
	}
	return true
}

// Exec checks and makes the plan's resources and becomes the hypervisor. It
// returns only if that fails. The plan must be an unsupervised one that needs no
// supervisor.
func (p *Plan) Exec(ctx context.Context) error {
	if err := p.Check(ctx); err != nil {
		return err
	}
	vm := &VM{plan: p, spawner: newSpawner()}
	err := vm.makeResources(ctx)
	if err == nil {
		err = vm.become(ctx)
	}
	return errors.Join(err, vm.undo())
}

func (vm *VM) become(ctx context.Context) error {
	for _, r := range vm.plan.Resources {
		if s, ok := r.(survivor); ok {
			if err := s.survive(); err != nil {
				return err
			}
		}
	}
	extra, err := vm.extraArgs(ctx)
	if err != nil {
		return err
	}
	if err := os.Chdir(vm.plan.Dir); err != nil {
		return err
	}
	c := vm.plan.VM
	argv0 := c.Path
	if c.Argv0 != "" {
		argv0 = c.Argv0
	}
	argv := slices.Concat([]string{argv0}, c.Args, extra)
	return fmt.Errorf("exec %s: %w", c.Path, syscall.Exec(c.Path, argv, append(os.Environ(), c.Env...)))
}

// keepOpen lets a file stay open across exec.
func keepOpen(f *os.File) error {
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFD, 0); err != nil {
		return fmt.Errorf("keep %q open: %w", f.Name(), err)
	}
	return nil
}
