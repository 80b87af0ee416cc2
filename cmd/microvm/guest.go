package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"microvm/builders"
	"microvm/flake"
	"microvm/runner"
)

// guest is a VM that a flake declares.
type guest struct {
	ref  flake.Ref
	Attr []string `json:"attr"`
	Name string   `json:"name"`
	evaluated
}

// evaluated is what describeGuest prints.
type evaluated struct {
	// DrvPath and OutPath are the runner's.
	DrvPath string `json:"drv"`
	OutPath string `json:"out"`
	// BuildSystem is the platform that builds the runner, System the guest's.
	BuildSystem string `json:"buildSystem"`
	System      string `json:"system"`
	// Spec is null where the runner is microvm.nix's.
	Spec json.RawMessage `json:"spec"`
	// Plain is a configuration without a runner.
	Plain bool `json:"plain"`
}

// describeGuest is applied to a nixosConfiguration. A set with an attribute
// outPath would become that string in JSON.
const describeGuest = `c:
  if !(c ? config.microvm.declaredRunner) then { plain = true; }
  else let m = c.config.microvm; r = m.declaredRunner; in {
    drv = r.drvPath;
    out = r.outPath;
    buildSystem = r.system;
    system = m.spec.system or c.pkgs.stdenv.hostPlatform.system or r.system;
    spec = m.spec or null;
  }`

// describeRunner is applied to a package.
const describeRunner = `r: { drv = r.drvPath; out = r.outPath; buildSystem = r.system; system = r.system; spec = r.passthru.spec or null; }`

// findGuest evaluates the guest that the target names, in one nix process, or
// remembers it if nothing that it was made of has changed.
func (a *app) findGuest(ctx context.Context, o *options) (*guest, error) {
	ref, err := parseHere(o.target)
	if err != nil {
		return nil, err
	}
	cache := flake.Cache{Dir: filepath.Join(o.host.CacheDir, "evaluations")}
	key, ok := o.nix.Fingerprint(ref)
	question := key + describeGuest + describeRunner
	if g := (&guest{ref: ref}); ok && cache.Get(question, g) && g.exists() {
		a.log.Debug("the flake has not changed", "flake", ref.URL, "runner", g.OutPath)
		return g, nil
	}
	g, err := evaluate(ctx, o.nix, ref)
	if ok && err == nil {
		// The VM need not wait for that, nor end it.
		a.later.Go(func() { a.remember(context.WithoutCancel(ctx), o.nix, &cache, question, key, g) })
	}
	return g, err
}

const rememberTimeout = 10 * time.Second

// remember keeps a guest for as long as its flake stays as it was.
func (a *app) remember(ctx context.Context, nix *flake.CLI, cache *flake.Cache, question, key string, g *guest) {
	ctx, cancel := context.WithTimeout(ctx, rememberTimeout)
	defer cancel()
	if !nix.Confirm(ctx, g.ref, key) {
		return
	}
	if err := cache.Put(question, g); err != nil {
		a.log.Debug("not remembered", "error", err)
	}
}

// parseHere reads a reference as somebody in this directory means it.
func parseHere(text string) (flake.Ref, error) {
	ref, err := flake.ParseRef(text)
	if err != nil {
		return ref, err
	}
	cwd, err := os.Getwd()
	if err != nil {
		return ref, err
	}
	return ref.Resolve(cwd)
}

// exists is false for a guest whose runner was collected as garbage.
func (g *guest) exists() bool {
	_, err := os.Stat(g.OutPath)
	return err == nil
}

func evaluate(ctx context.Context, nix *flake.CLI, ref flake.Ref) (*guest, error) {
	switch len(ref.Attr) {
	case 0:
		name, err := onlyName(ctx, nix, ref)
		if err != nil {
			return nil, err
		}
		return lookUp(ctx, nix, ref, []string{"nixosConfigurations"}, name, describeGuest)
	case 1:
		return lookUpName(ctx, nix, ref, ref.Attr[0])
	}
	last := len(ref.Attr) - 1
	describe := describeRunner
	if ref.Attr[0] == "nixosConfigurations" && last == 1 {
		describe = describeGuest
	}
	return lookUp(ctx, nix, ref, ref.Attr[:last], ref.Attr[last], describe)
}

// onlyName is the flake's guest, if there is just one.
func onlyName(ctx context.Context, nix *flake.CLI, ref flake.Ref) (string, error) {
	names, err := nix.Names(ctx, ref, "nixosConfigurations")
	if err != nil {
		return "", err
	}
	switch len(names) {
	case 0:
		return "", &flake.MissingAttr{Ref: ref, Attr: []string{"nixosConfigurations"}, Name: "NAME"}
	case 1:
		return names[0], nil
	}
	return "", &usageError{
		fmt.Errorf("flake %q has %d guests: %s", ref.URL, len(names), strings.Join(names, ", ")),
		fmt.Sprintf("say which one, for example %s#%s", ref.URL, names[0]),
	}
}

// lookUpName finds a configuration or, failing that, a package that is a runner.
func lookUpName(ctx context.Context, nix *flake.CLI, ref flake.Ref, name string) (*guest, error) {
	g, err := lookUp(ctx, nix, ref, []string{"nixosConfigurations"}, name, describeGuest)
	if missing := (*flake.MissingAttr)(nil); !errors.As(err, &missing) {
		return g, err
	}
	p, perr := lookUp(ctx, nix, ref, []string{"packages", runner.HostSystem()}, name, describeRunner)
	if perr != nil {
		// The names of configurations say more than those of packages.
		return nil, err
	}
	return p, nil
}

func lookUp(ctx context.Context, nix *flake.CLI, ref flake.Ref, attr []string, name, describe string) (*guest, error) {
	results, err := nix.EvalMany(ctx, ref, attr, []string{name}, describe)
	if err != nil {
		return nil, err
	}
	r := results[name]
	if r.Err != nil {
		return nil, r.Err
	}
	g := &guest{ref: ref, Attr: append(attr[:len(attr):len(attr)], name), Name: name}
	if err := json.Unmarshal(r.Value, &g.evaluated); err != nil {
		return nil, fmt.Errorf("nix printed something else than a guest: %w", err)
	}
	if g.Plain {
		return nil, &plainError{g}
	}
	return g, nil
}

// plainError is a NixOS configuration without the microvm module.
type plainError struct{ g *guest }

func (e *plainError) Error() string {
	return fmt.Sprintf("%s has no config.microvm.declaredRunner", e.g)
}

// Hint is what makes a configuration a guest.
func (e *plainError) Hint() string {
	return "add the module nixosModules.microvm of this flake, or of microvm.nix, to the configuration"
}

// String is how the guest is named on the command line.
func (g *guest) String() string {
	return flake.Ref{URL: g.ref.URL, Attr: g.Attr}.String()
}

// root is the link that protects the runner from garbage collection while it
// runs in this directory.
func (g *guest) root() string {
	sum := sha256.Sum256([]byte(g.String()))
	return filepath.Join(runtimeDir(), g.Name+"-"+hex.EncodeToString(sum[:6])+".root")
}

// evalSpec is the guest's spec as evaluated: its files need not exist yet.
func (a *app) evalSpec(ctx context.Context, g *guest, o *options) (*runner.Spec, error) {
	if len(g.Spec) == 0 || string(g.Spec) == "null" {
		out, err := a.buildRunner(ctx, g, o, flake.BuildOptions{})
		if err != nil {
			return nil, err
		}
		return readRunner(out)
	}
	return runner.ParseSpec(bytes.NewReader(g.Spec))
}

// readRunner reads the spec of a built runner.
func readRunner(out string) (*runner.Spec, error) {
	path, ok, err := specFile(out)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%q is not a runner: it has no %s", out, specInRunner)
	}
	return runner.ReadSpec(path)
}

// buildRunner builds the guest's runner, after making sure that something can.
func (a *app) buildRunner(ctx context.Context, g *guest, o *options, b flake.BuildOptions) (string, error) {
	if to, err := os.Readlink(b.OutLink); err == nil && to == g.OutPath && g.exists() {
		return g.OutPath, nil
	}
	if !g.exists() {
		if err := a.checkBuilders(ctx, g, o); err != nil {
			return "", err
		}
		a.say("building %s", g)
	}
	if b.OutLink != "" {
		if err := os.MkdirAll(filepath.Dir(b.OutLink), 0o700); err != nil {
			return "", err
		}
	}
	paths, err := o.nix.Build(ctx, g.DrvPath, b)
	if err != nil {
		return "", err
	}
	return paths[0], nil
}

func (a *app) checkBuilders(ctx context.Context, g *guest, o *options) error {
	config, err := o.nix.Config(ctx)
	if err != nil {
		return err
	}
	return builders.Check(config, g.BuildSystem)
}
