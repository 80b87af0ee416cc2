package main

import (
	"context"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"microvm/runner"
)

func (a *app) planCommand() *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "show what run would do, and start nothing",
		ArgsUsage: targetUsage,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		}, append(hostFlags(), nixFlags()...)...),
		Action: func(c *cli.Context) error {
			o, err := a.options(c)
			if err != nil {
				return err
			}
			o.host.Assume = true
			p, err := a.prepare(c.Context, o, false)
			if err != nil {
				return err
			}
			return a.printPlan(p, c.Bool("json"))
		},
	}
}

func (a *app) printPlan(p *runner.Plan, asJSON bool) error {
	if asJSON {
		return p.PrintJSON(a.stdout)
	}
	return p.Print(a.stdout)
}

// prepare goes from the target to a plan: read the spec, apply what the host
// wants, look at the host, check, plan.
func (a *app) prepare(ctx context.Context, o *options, build bool) (*runner.Plan, error) {
	t, err := a.findTarget(ctx, o)
	if err != nil {
		return nil, err
	}
	s, err := a.readSpec(ctx, t, o, build)
	if err != nil {
		return nil, err
	}
	return a.plan(ctx, s, o)
}

func (a *app) plan(ctx context.Context, s *runner.Spec, o *options) (*runner.Plan, error) {
	s, notes := o.overrides.Apply(s)
	b, err := runner.Lookup(a.backends, s.Hypervisor)
	if err != nil {
		return nil, err
	}
	if err := runner.Check(s, b, a.backends, runner.Facts{System: runner.HostSystem()}); err != nil {
		return nil, err
	}
	if o.host.Tools, err = a.chooseTools(ctx, s, b, o); err != nil {
		return nil, err
	}
	facts, seen, err := runner.Gather(ctx, s, b, o.host)
	if err != nil {
		return nil, err
	}
	// Once more, now that the hypervisor's version is known.
	err = errors.Join(runner.Check(s, b, a.backends, facts), s.ValidatePaths(o.dir, runner.MaxSocketPath(facts.OS())))
	if err != nil {
		return nil, err
	}
	options := runner.PlanOptions{
		Dir: o.dir, LockDir: runtimeDir(), Ephemeral: o.ephemeral, Notes: slices.Concat(notes, seen, s.Warnings()),
	}
	p, err := runner.NewPlan(s, b, facts, options)
	if err != nil || p.NeedsSupervisor() || a.atTerminal() {
		return p, err
	}
	options.Unsupervised = true
	return runner.NewPlan(s, b, facts, options)
}
