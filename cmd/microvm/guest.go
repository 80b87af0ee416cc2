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

	"microvm/builders"
	"microvm/flake"
	"microvm/runner"
)

// guest is a VM that a flake declares.
type guest struct {
	ref  flake.Ref
	attr []string
	name string
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

// findGuest evaluates the guest that the target names, in one nix process.
func (a *app) findGuest(ctx context.Context, o *options) (*guest, error) {
	ref, err := flake.ParseRef(o.target)
	if err != nil {
		return nil, err
	}
	cwd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if ref, err = ref.Resolve(cwd); err != nil {
		return nil, err
	}
	switch {
	case len(ref.Attr) == 0:
		name, err := onlyName(ctx, o.nix, ref)
		if err != nil {
			return nil, err
		}
		return lookUp(ctx, o.nix, ref, []string{"nixosConfigurations"}, name, describeGuest)
	case len(ref.Attr) == 1:
		return lookUpName(ctx, o.nix, ref, ref.Attr[0])
	}
	last := len(ref.Attr) - 1
	describe := describeRunner
	if ref.Attr[0] == "nixosConfigurations" && last == 1 {
		describe = describeGuest
	}
	return lookUp(ctx, o.nix, ref, ref.Attr[:last], ref.Attr[last], describe)
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
	g := &guest{ref: ref, attr: append(attr[:len(attr):len(attr)], name), name: name}
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
	return flake.Ref{URL: g.ref.URL, Attr: g.attr}.String()
}

// root is the link that protects the runner from garbage collection while it
// runs in this directory.
func (g *guest) root() string {
	sum := sha256.Sum256([]byte(g.String()))
	return filepath.Join(runtimeDir(), g.name+"-"+hex.EncodeToString(sum[:6])+".root")
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
	if _, err := os.Stat(g.OutPath); err != nil {
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
