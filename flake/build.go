package flake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// BuildOptions says where to build and where to leave a link.
type BuildOptions struct {
	// OutLink is a path for a symlink that also protects the result from garbage collection; none is made if it is empty.
	// Nix makes none either if Store is not on this machine.
	OutLink string
	// Builders replaces the configured remote builders, in the grammar of /etc/nix/machines, one entry a line. A daemon heeds
	// it from trusted users only.
	Builders []string
	// Store builds in another store, such as ssh-ng://HOST; EvalStore is then the one to evaluate in, mostly "auto".
	Store, EvalStore string
	// Args are more arguments for nix build.
	Args []string
}

func (o BuildOptions) args() []string {
	args := []string{"build", "--json"}
	if o.OutLink != "" {
		args = append(args, "--out-link", o.OutLink)
	} else {
		args = append(args, "--no-link")
	}
	if len(o.Builders) > 0 {
		args = append(args, "--builders", strings.Join(o.Builders, "\n"))
	}
	if o.Store != "" {
		args = append(args, "--store", o.Store)
	}
	if o.EvalStore != "" {
		args = append(args, "--eval-store", o.EvalStore)
	}
	return append(args, o.Args...)
}

// Build realises an installable, a store path or all outputs of a .drv file and returns the output paths, `out` first.
//
// A .drv needs the version of nix: since 2.13 its outputs are called `FILE^*`, which older versions do not understand, while
// 2.15 and later take the bare name for the file itself. nix-store --realise would do without, but knows no --eval-store.
func (c *CLI) Build(ctx context.Context, installable string, o BuildOptions) ([]string, error) {
	if filepath.IsAbs(installable) && strings.HasSuffix(installable, ".drv") {
		v, err := c.Version(ctx)
		if err != nil {
			return nil, err
		}
		if v.AtLeast(2, 13) {
			installable += "^*"
		}
	}
	out, err := c.run(ctx, c.flakeArgs(o.args(), installable)...)
	if err != nil {
		return nil, err
	}
	paths, err := parseBuilt(out)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", installable, err)
	}
	return paths, nil
}

// parseBuilt reads `[{"drvPath": …, "outputs": {"out": …}}]`. A plain store path is {"path": …} up to Nix 2.17, then a string.
func parseBuilt(out []byte) ([]string, error) {
	results := gjson.ParseBytes(out)
	if !gjson.ValidBytes(out) || !results.IsArray() {
		return nil, errors.New("nix printed what it built in a form that is not a JSON array")
	}
	var paths []string
	for _, r := range results.Array() {
		switch outputs := r.Get("outputs"); {
		case r.Type == gjson.String:
			paths = append(paths, r.String())
		case outputs.IsObject():
			paths = append(paths, outputPaths(outputs.Map())...)
		case r.Get("path").Exists():
			paths = append(paths, r.Get("path").String())
		}
	}
	if len(paths) == 0 || slices.Contains(paths, "") {
		return nil, fmt.Errorf("nix named no output path in %q", out)
	}
	return paths, nil
}

// outputPaths sorts by output name, but `out` comes first: it is what most callers want.
func outputPaths(outputs map[string]gjson.Result) []string {
	var paths []string
	if out, ok := outputs["out"]; ok {
		paths = append(paths, out.String())
	}
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		if name != "out" {
			paths = append(paths, outputs[name].String())
		}
	}
	return paths
}
