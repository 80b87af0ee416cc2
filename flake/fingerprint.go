package flake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"microvm/flake/stamp"
)

// Fingerprint is a key that changes whenever what c evaluates of ref's flake could: with the files of the flake and of local
// flakes given by --override-input, with c's arguments, nix itself, its settings and its environment. It takes milliseconds and no nix
// process. ok is false where an answer of old cannot be trusted, which c.Log gets the reason for: a flake that is neither local nor locked,
// files that changed a moment ago, impure evaluation, or more files than can be looked at quickly.
//
// What was evaluated after Fingerprint may be kept under its key if Confirm agrees. Of a git repository tracked files count,
// since Nix sees no others; of any other directory all do.
func (c *CLI) Fingerprint(ref Ref) (key string, ok bool) {
	key, err := c.fingerprint(ref)
	if err != nil {
		c.log().Debug("flake has no fingerprint", "flake", ref.URL, "reason", err)
	}
	return key, err == nil
}

// Confirm tells whether what was evaluated since Fingerprint gave key is all that any evaluation with that key can give: every input
// is locked or local, which takes a nix process to know, and nothing has changed meanwhile. It may be asked at leisure, long after.
func (c *CLI) Confirm(ctx context.Context, ref Ref, key string) bool {
	err := c.confirm(ctx, ref, key)
	if err != nil {
		c.log().DebugContext(ctx, "evaluation is not to be kept", "flake", ref.URL, "reason", err)
	}
	return err == nil
}

var errChanged = errors.New("changed during its evaluation")

func (c *CLI) confirm(ctx context.Context, ref Ref, key string) error {
	in, err := c.inputs(ref)
	if err != nil {
		return err
	}
	if err := c.checkLocks(ctx, ref, in); err != nil {
		return err
	}
	again, err := c.fingerprint(ref)
	if err == nil && again != key {
		err = errChanged
	}
	return err
}

// fingerprintVersion changes with what goes into a fingerprint.
const fingerprintVersion = "1"

func (c *CLI) fingerprint(ref Ref) (string, error) {
	in, err := c.inputs(ref)
	if err != nil {
		return "", err
	}
	s := stamp.New()
	s.Text(fingerprintVersion, ref.String())
	s.Text(c.Args...)
	c.stampSettings(s)
	in.flake.stamp(s)
	for _, path := range slices.Sorted(maps.Keys(in.overrides)) {
		s.Text(path)
		in.overrides[path].stamp(s)
	}
	return s.Sum()
}

// inputs are the sources that a command line names.
type inputs struct {
	flake source
	// overrides are by the path of the input: `a/b` is the input b of the input a.
	overrides map[string]source
}

// harmless are the arguments without a value that leave an evaluation a function of its sources. Others might not.
var harmless = []string{
	"--offline", "--no-write-lock-file", "--no-update-lock-file", "--no-registries", "--accept-flake-config",
	"--show-trace", "--print-build-logs", "-L",
}

func (c *CLI) inputs(ref Ref) (inputs, error) {
	in := inputs{overrides: map[string]source{}}
	var err error
	if in.flake, err = sourceOf(ref); err != nil {
		return in, err
	}
	for args := c.Args; len(args) > 0; {
		switch {
		case args[0] == "--override-input" && len(args) >= 3:
			if in.overrides[args[1]], err = overrideSource(args[2]); err != nil {
				return in, err
			}
			args = args[3:]
		case args[0] == "--option" && len(args) >= 3:
			if err := checkPure(args[1]); err != nil {
				return in, err
			}
			args = args[3:]
		case slices.Contains(harmless, args[0]):
			args = args[1:]
		default:
			return in, fmt.Errorf("argument %q may change what is evaluated", args[0])
		}
	}
	return in, nil
}

func overrideSource(arg string) (source, error) {
	ref, err := ParseRef(arg)
	if err != nil {
		return source{}, err
	}
	return sourceOf(ref)
}

// sourceOf takes relative references from the current directory, as nix does.
func sourceOf(ref Ref) (source, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return source{}, err
	}
	if ref, err = ref.Resolve(cwd); err != nil {
		return source{}, err
	}
	return locateSource(ref)
}
