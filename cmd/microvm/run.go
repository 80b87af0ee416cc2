package main

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"microvm/runner"
)

const targetUsage = "[FLAKE#NAME | RUNNER | SPEC.json]"

func (a *app) runCommand() *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "build a guest if need be, and run it in the foreground",
		ArgsUsage: targetUsage,
		Description: `FLAKE#NAME is looked up in the flake's nixosConfigurations, then in its packages. Without
#NAME the flake's only guest is meant, without FLAKE the one in this directory. A
RUNNER is a built one, in the store or elsewhere.

On a terminal the guest's console is attached: Ctrl-a x stops the guest, and kills it
when pressed again; Ctrl-a a sends Ctrl-a; Ctrl-a h shows this. Elsewhere, Ctrl-C or
SIGTERM stops the guest, and kills it the second time.

The exit code is 0 after a clean power-off or stop, 1 if the guest or the hypervisor
failed, 2 if the command line is wrong.`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "show the plan, and start nothing"},
			&cli.BoolFlag{Name: "json", Usage: "with --dry-run, print JSON"},
			&cli.DurationFlag{Name: "stop-timeout", Value: time.Minute, Usage: "how long the guest may take to power off"},
		}, append(hostFlags(), nixFlags()...)...),
		Action: a.run,
	}
}

func (a *app) run(c *cli.Context) error {
	o, err := a.options(c)
	if err != nil {
		return err
	}
	o.host.Assume = c.Bool("dry-run")
	signals := newSignals()
	defer signals.close()
	ctx, cancel := signals.context(c.Context)
	defer cancel()

	p, err := a.prepare(ctx, o, !c.Bool("dry-run"))
	if err != nil {
		return err
	}
	if c.Bool("dry-run") {
		return a.printPlan(p, c.Bool("json"))
	}
	a.announce(p)
	session := &session{app: a, options: o, signals: signals, patience: c.Duration("stop-timeout")}
	err = session.run(ctx, p)
	if hang := (*runner.AccelError)(nil); errors.As(err, &hang) && o.host.Accel == "auto" {
		return a.runEmulated(ctx, session, o, hang)
	}
	return err
}

// announce says what the host decided.
func (a *app) announce(p *runner.Plan) {
	for _, n := range append(p.Notes, p.Warnings()...) {
		a.say("%s", n)
	}
}

// runEmulated starts the guest again without the accelerator that hung it.
func (a *app) runEmulated(ctx context.Context, s *session, o *options, hang *runner.AccelError) error {
	a.say("%v; starting again under TCG", hang)
	if err := runner.RememberHang(ctx, o.host, hang); err != nil {
		a.log.Debug("accelerator cache", "error", err)
	}
	o.host.Accel = "tcg"
	p, err := a.prepare(ctx, o, true)
	if err != nil {
		return err
	}
	return s.run(ctx, p)
}
