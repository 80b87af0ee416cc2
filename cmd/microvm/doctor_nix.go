package main

import (
	"context"
	"strings"

	"microvm/flake"
	"microvm/runner"
)

// examineNix finds out whether guests can be evaluated and built here.
func (a *app) examineNix(ctx context.Context) []runner.Finding {
	nix := a.nix()
	v, err := nix.Version(ctx)
	if err != nil {
		return []runner.Finding{{
			Name: "nix", State: runner.Missing, Detail: err.Error(), Fix: strings.Join(hints(err), "; "),
		}}
	}
	found := []runner.Finding{{Name: "nix", State: runner.Fine, Detail: v.String()}}
	config, err := nix.Config(ctx)
	if err != nil {
		return append(found, runner.Finding{
			Name: "nix.conf", State: runner.Missing, Detail: err.Error(), Fix: strings.Join(hints(err), "; "),
		})
	}
	if _, err := nix.EvalExpr(ctx, "1", flake.EvalOptions{}); err != nil {
		return append(found, runner.Finding{
			Name: "evaluation", State: runner.Missing, Detail: err.Error(), Fix: strings.Join(hints(err), "; "),
		})
	}
	builds := append([]string{config.System}, config.ExtraPlatforms...)
	return append(found, runner.Finding{Name: "builds", State: runner.Fine, Detail: strings.Join(builds, ", ")})
}
