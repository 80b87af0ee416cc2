package flake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"

	"microvm/flake/stamp"
)

// lockFile is a flake.lock. `nix flake metadata --json` prints the same, with what could not be written.
type lockFile struct {
	Nodes map[string]lockNode `json:"nodes"`
	Root  string              `json:"root"`
}

// lockNode is a flake, or the plain files that an input can be as well.
type lockNode struct {
	// Inputs hold the name of a node each, or the path of another input, in an array, that this one follows.
	Inputs   map[string]any `json:"inputs"`
	Locked   map[string]any `json:"locked"`
	Original map[string]any `json:"original"`
}

// checkLocks makes sure that all that nix reads besides local files is fixed by a flake.lock. Only nix knows which locks are in
// force: a flake.lock may be out of date or missing, and then nix takes what an input refers to today.
func (c *CLI) checkLocks(ctx context.Context, ref Ref, in inputs) error {
	// The evaluation has shown nix's warnings already.
	quiet := &CLI{Path: c.Path, Args: c.Args, Env: c.Env, Log: c.Log, grace: c.grace}
	out, err := quiet.run(ctx, c.flakeArgs([]string{"flake", "metadata", "--json"}, ref.URL)...)
	if err != nil {
		return err
	}
	var answer struct {
		Path   string
		Locked struct{ Dir string }
		Locks  lockFile
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return fmt.Errorf("metadata of flake %q: %w", ref.URL, err)
	}
	seen := in.flake
	if seen.root == "" {
		seen = source{root: answer.Path, dir: answer.Locked.Dir}
	}
	if err := seen.checkConfig(); err != nil {
		return err
	}
	written, err := seen.locks()
	if err != nil {
		return err
	}
	w := lockWalker{used: answer.Locks.Nodes, overrides: in.overrides, left: maxLockSteps}
	return w.flake(answer.Locks.Root, written, "")
}

// checkConfig refuses a flake that may turn purity off itself, with nixConfig.
func (src source) checkConfig() error {
	text, err := src.read("flake.nix")
	if err != nil {
		return err
	}
	for _, setting := range impureSettings {
		if strings.Contains(string(text), setting) {
			return checkPure(setting)
		}
	}
	return nil
}

// read gives a file of the flake as nix sees it: as empty if git does not track it.
func (src source) read(name string) ([]byte, error) {
	if !filepath.IsAbs(src.root) {
		return nil, errors.New("nix does not say where the flake is")
	}
	if src.git {
		tracked, err := stamp.Tracks(src.root, filepath.Join(src.dir, name))
		if err != nil || !tracked {
			return nil, err
		}
	}
	return stamp.ReadFile(filepath.Join(src.root, src.dir, name))
}

// lockEntry is a place in a flake.lock.
type lockEntry struct {
	nodes map[string]lockNode
	name  string
}

func (e lockEntry) node() lockNode { return e.nodes[e.name] }

// input goes to one that has an entry of its own.
func (e lockEntry) input(name string) (lockEntry, bool) {
	target, ok := e.node().Inputs[name].(string)
	return lockEntry{e.nodes, target}, ok
}

// locks is the root of the source's flake.lock, if it has one.
func (src source) locks() ([]lockEntry, error) {
	text, err := src.read("flake.lock")
	if err != nil || len(text) == 0 {
		return nil, err
	}
	var f lockFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("flake.lock in %q: %w", filepath.Join(src.root, src.dir), err)
	}
	return []lockEntry{{f.Nodes, f.Root}}, nil
}

// maxLockSteps bounds the walk through locks, whose graph may share nodes so that its paths are too many.
const maxLockSteps = 10_000

// lockWalker compares the locks that nix uses with those that are written in files.
type lockWalker struct {
	used      map[string]lockNode
	overrides map[string]source
	left      int
}

// flake compares the inputs of a flake that is itself fixed. For an input of an overridden flake, nix consults the outer
// flake.lock or the flake's own, depending on its version: both must agree, so there may be several entries.
func (w *lockWalker) flake(used string, written []lockEntry, path string) error {
	node, ok := w.used[used]
	if !ok {
		return fmt.Errorf("nix names no lock %q", used)
	}
	for name, target := range node.Inputs {
		if w.left--; w.left < 0 {
			return fmt.Errorf("locks: %w", stamp.ErrTooMuch)
		}
		child, ok := target.(string)
		if !ok {
			continue
		}
		if err := w.input(child, written, name, strings.TrimPrefix(path+"/"+name, "/")); err != nil {
			return err
		}
	}
	return nil
}

func (w *lockWalker) input(used string, written []lockEntry, name, path string) error {
	var entries []lockEntry
	for _, e := range written {
		if entry, ok := e.input(name); ok {
			entries = append(entries, entry)
		}
	}
	if src, overridden := w.overrides[path]; overridden {
		if src.root != "" {
			own, err := src.locks()
			if err != nil {
				return err
			}
			entries = append(entries, own...)
		}
		return w.flake(used, entries, path)
	}
	if len(entries) == 0 || len(entries) < len(written) {
		return fmt.Errorf("input %q: no flake.lock has it", path)
	}
	for _, e := range entries {
		if err := w.used[used].fixedBy(e.node()); err != nil {
			return fmt.Errorf("input %q: %w", path, err)
		}
	}
	return w.flake(used, entries, path)
}

// fixedBy tells whether nix took this lock from a file, and whether it can mean one thing only. A relative path is one within the
// flake that has the input.
func (n lockNode) fixedBy(written lockNode) error {
	if !reflect.DeepEqual(n.Locked, written.Locked) || !reflect.DeepEqual(n.Original, written.Original) {
		return errors.New("its lock is not the one in flake.lock")
	}
	key := "narHash"
	switch n.Locked["type"] {
	case "path":
		if path, _ := n.Locked["path"].(string); filepath.IsLocal(path) {
			return nil
		}
		return errors.New("it is a path outside the flake")
	case "git", "hg", "github", "gitlab", "sourcehut":
		key = "rev"
	}
	if value, _ := n.Locked[key].(string); value == "" {
		return fmt.Errorf("its lock has no %s", key)
	}
	return nil
}
