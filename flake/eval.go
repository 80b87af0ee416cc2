package flake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
)

// EvalOptions says how to evaluate and print.
type EvalOptions struct {
	// Apply is a Nix function, applied to the value. It is code: data gets into it through String, AttrName and JSON.
	Apply string
	// Impure allows what depends on the environment, and unlocked references in builtins.getFlake.
	Impure bool
	// Raw prints a string as it is instead of JSON.
	Raw bool
}

func (o EvalOptions) args() []string {
	args := []string{"eval", "--json"}
	if o.Raw {
		args[1] = "--raw"
	}
	if o.Impure {
		args = append(args, "--impure")
	}
	if o.Apply != "" {
		args = append(args, "--apply", o.Apply)
	}
	return args
}

// Eval evaluates an installable, such as Ref.Installable makes, and returns its JSON.
func (c *CLI) Eval(ctx context.Context, installable string, o EvalOptions) ([]byte, error) {
	return c.eval(ctx, o, c.flakeArgs(o.args(), installable))
}

// EvalExpr evaluates a Nix expression and returns its JSON. As with EvalOptions.Apply, the expression is code.
func (c *CLI) EvalExpr(ctx context.Context, expr string, o EvalOptions) ([]byte, error) {
	return c.eval(ctx, o, slices.Concat(o.args(), features, c.Args, []string{"--expr", expr}))
}

func (c *CLI) eval(ctx context.Context, o EvalOptions, args []string) ([]byte, error) {
	out, err := c.run(ctx, args...)
	if err != nil || o.Raw {
		return out, err
	}
	return bytes.TrimSpace(out), nil
}

// flakeArgs completes a command that takes one flake reference or installable. After `--` nothing can pass for an option.
func (c *CLI) flakeArgs(command []string, installable string) []string {
	return slices.Concat(command, features, c.Args, []string{"--", installable})
}

// noAttrPattern is what nix says when a flake evaluates but lacks the attribute itself, not something that this one refers to.
var noAttrPattern = regexp.MustCompile(`^flake '.*' does not provide attribute '`)

// Names lists the attribute names of the set at attr in ref's flake, sorted. A flake without such an output has none;
// a flake that does not evaluate is an error.
func (c *CLI) Names(ctx context.Context, ref Ref, attr ...string) ([]string, error) {
	if len(attr) == 0 {
		return nil, fmt.Errorf("list the names in %q: no attribute path given", ref.URL)
	}
	installable, err := ref.Installable(attr...)
	if err != nil {
		return nil, err
	}
	out, err := c.Eval(ctx, installable, EvalOptions{Apply: "builtins.attrNames"})
	if says(err, noAttrPattern) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(out, &names); err != nil {
		return nil, fmt.Errorf("names in %s: %w", installable, err)
	}
	return names, nil
}
