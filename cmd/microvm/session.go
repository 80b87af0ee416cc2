package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"microvm/runner"
	"microvm/runner/console"
)

// session is one VM in the foreground.
type session struct {
	*app
	options  *options
	signals  *signals
	patience time.Duration
}

// run starts the VM and returns when it has ended.
func (s *session) run(ctx context.Context, p *runner.Plan) error {
	if !p.NeedsSupervisor() && !s.atTerminal() {
		s.later.Wait()
		return p.Exec(ctx)
	}
	console, err := s.openConsole()
	if err != nil {
		return err
	}
	defer console.close()
	start := runner.StartOptions{Stdin: console.guest, Stdout: s.stdout, Log: s.log}
	if s.options.verbose {
		start.Stderr = s.stderr
	}
	vm, err := runner.Start(ctx, p, start)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	console.attach(context.WithoutCancel(ctx))
	err = s.wait(vm, console)
	if vm.ReachedKernel() {
		if err := runner.RememberBoot(ctx, s.options.host); err != nil {
			s.log.Debug("accelerator cache", "error", err)
		}
	}
	return err
}

// wait passes the user's wish to stop on: the first asks, the second kills.
func (s *session) wait(vm *runner.VM, c *foreground) error {
	select {
	case <-vm.Done():
		return vm.Wait()
	case <-s.signals.stop:
	case <-c.stop:
	}
	s.say("asking the guest to power off; once more kills it")
	var step runner.StopStep
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.patience)
		defer cancel()
		var err error
		step, err = vm.Stop(ctx)
		stopped <- err
	}()
	select {
	case err := <-stopped:
		return errors.Join(s.stopped(step), err)
	case <-s.signals.stop:
	case <-c.stop:
	}
	s.say("killing the guest")
	return errors.Join(errKilled, vm.Kill())
}

var errKilled = errors.New("the guest was killed")

// stopped tells a clean stop from a forced one.
func (s *session) stopped(step runner.StopStep) error {
	switch step {
	case runner.StoppedTerminated, runner.StoppedKilled:
		return fmt.Errorf("the guest did not power off within %s and was ended by %s", s.patience, step)
	}
	s.say("the guest was stopped by %s", step)
	return nil
}

// foreground is the user's terminal, or whatever stdin is.
type foreground struct {
	// guest is what the hypervisor reads.
	guest *os.File
	// stop gets the user's wish to stop.
	stop chan struct{}

	session *session
	keys    *os.File
	restore func() error
}

// atTerminal tells whether somebody types at us.
func (a *app) atTerminal() bool { return a.stdin != nil && term.IsTerminal(int(a.stdin.Fd())) }

// openConsole gives the guest our stdin, or, if that is a terminal, a pipe that
// the terminal's keys go through.
func (s *session) openConsole() (*foreground, error) {
	f := &foreground{session: s, stop: make(chan struct{}, 2)}
	if !s.atTerminal() {
		f.guest = s.stdin
		return f, nil
	}
	var err error
	f.guest, f.keys, err = os.Pipe()
	return f, err
}

// attach makes the terminal raw and passes its keys on.
func (f *foreground) attach(ctx context.Context) {
	if f.keys == nil {
		return
	}
	f.guest.Close()
	restore, err := console.Raw(f.session.stdin)
	if err != nil {
		f.session.say("the console is not attached: %v", err)
		return
	}
	f.restore = restore
	f.session.say("console attached: Ctrl-a x stops the guest, Ctrl-a h shows more")
	go f.pass(ctx)
}

func (f *foreground) pass(ctx context.Context) {
	err := console.NewEscape(f.session.stdin, f.keys, f.key).Run(ctx)
	if err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
		f.session.log.Debug("console", "error", err)
	}
}

func (f *foreground) key(k console.Key) {
	switch k {
	case console.KeyStop:
		select {
		case f.stop <- struct{}{}:
		default:
		}
	case console.KeyHelp:
		io.WriteString(f.session.stderr, console.Help)
	}
}

// close gives the terminal back. It may be called twice.
func (f *foreground) close() {
	if f.restore != nil {
		if err := f.restore(); err != nil {
			f.session.log.Debug("terminal", "error", err)
		}
		f.restore = nil
	}
	if f.keys != nil {
		f.keys.Close()
	}
}
