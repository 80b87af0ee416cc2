package nix_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// fakeNixpkgs is a flake with nixpkgs' lib and packages that only evaluate.
func fakeNixpkgs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	copyTree(t, filepath.Join(nixpkgsLib(t), "lib"), filepath.Join(dir, "lib"))
	copyTree(t, "tests/nixpkgs", dir)
	return "path:" + dir
}

// ourFlake is a copy of what our flake is made of.
func ourFlake(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	copyTree(t, ".", filepath.Join(dir, "flake/nix"))
	for _, name := range []string{"flake.nix", "flake.lock", "go.mod", "go.sum", "runner/spec.schema.json"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, name), string(text), 0o644)
	}
	return "path:" + dir
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// evalFlake evaluates an attribute of a flake, with the arguments of nix eval.
func evalFlake(t *testing.T, args ...string) any {
	t.Helper()
	out, stderr, err := nix(t, append([]string{"eval", "--json"}, args...)...)
	if err != nil {
		t.Fatalf("nix eval %q: %v\n%s", args, err, stderr)
	}
	var v any
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("nix eval %q printed %s: %v", args, out, err)
	}
	return v
}

func words(text string) []any {
	var list []any
	for _, word := range strings.Fields(text) {
		list = append(list, word)
	}
	return list
}

func TestFlakeOutputs(t *testing.T) {
	self, nixpkgs := ourFlake(t), fakeNixpkgs(t)
	bySystem := func(f string) string { return "builtins.mapAttrs (_: " + f + ")" }
	hypervisors := []string{"alioth", "cloud-hypervisor", "crosvm", "firecracker", "kvmtool", "qemu", "stratovirt"}
	checks := "boot-" + strings.Join(hypervisors, " boot-") + " host-" + strings.Join(hypervisors, " host-") + " package units"
	each := func(linux, darwin any) map[string]any {
		return map[string]any{"x86_64-linux": linux, "aarch64-linux": linux, "aarch64-darwin": darwin}
	}
	same := func(v any) map[string]any { return each(v, v) }
	tests := []struct {
		attr, apply string
		want        any
	}{
		{"packages", bySystem("builtins.attrNames"), same(words("default microvm"))},
		{"packages", bySystem("p: p.default.args.vendorHash == import " + absolute(t, "packages/vendor-hash.nix")), same(true)},
		{"packages", bySystem("p: p.default.drvPath == p.microvm.drvPath"), same(true)},
		{"apps", bySystem("a: baseNameOf (builtins.unsafeDiscardStringContext a.default.program)"), same("microvm")},
		{"checks", bySystem("builtins.attrNames"), each(words(checks), words("package"))},
		{"checks", bySystem("c: builtins.all (n: c.${n} ? drvPath) (builtins.attrNames c)"), same(true)},
		{"devShells", bySystem("s: builtins.length s.default.args.packages"), each(10.0, 8.0)},
		{"formatter", bySystem("f: f.name"), same("nixfmt-tree")},
		{"overlays.default", "o: baseNameOf (toString (o { callPackage = file: _: file; } { }).microvm)", "microvm.nix"},
		{"templates.default", "t: t.description", "A NixOS microVM, and a command that runs it"},
	}
	for _, tt := range tests {
		got := evalFlake(t, "--impure", "--override-input", "nixpkgs", nixpkgs, self+"#"+tt.attr, "--apply", tt.apply)
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s of %s is %v, want %v", tt.apply, tt.attr, got, tt.want)
		}
	}
}

// TestPackageSource has the package consist of Go's files, so that others change
// nothing about it.
func TestPackageSource(t *testing.T) {
	if evalFlake(t, "--expr", "builtins ? readFileType") == false {
		t.Skip("needs Nix 2.14: nixpkgs' lib.fileset calls builtins.readFileType")
	}
	got := evalFlake(t, "--impure", "--override-input", "nixpkgs", fakeNixpkgs(t), ourFlake(t)+"#packages.x86_64-linux.default.args",
		"--apply", "a: builtins.attrNames (builtins.readDir a.src)")
	if want := words("flake go.mod go.sum runner"); !reflect.DeepEqual(got, want) {
		t.Errorf("the source has %v, want %v", got, want)
	}
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFlakeIsLazy evaluates what needs no nixpkgs where there is none.
func TestFlakeIsLazy(t *testing.T) {
	self := ourFlake(t)
	tests := []struct {
		attr, apply string
		want        any
	}{
		{"lib", "l: builtins.isFunction l.plainGuest", true},
		{"nixosModules", "builtins.attrNames", words("host microvm")},
		{"nixosModules.host", "builtins.pathExists", true},
		{"templates.default.path", "p: builtins.pathExists (p + \"/flake.nix\")", true},
		{"overlays.default", "builtins.isFunction", true},
	}
	for _, tt := range tests {
		if got := evalFlake(t, self+"#"+tt.attr, "--apply", tt.apply); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s of %s is %v, want %v", tt.apply, tt.attr, got, tt.want)
		}
	}
}

// TestTemplate evaluates the template as somebody who has just got it does.
func TestTemplate(t *testing.T) {
	self, nixpkgs, user := ourFlake(t), fakeNixpkgs(t), t.TempDir()
	copyTree(t, "templates/default", user)
	eval := func(attr, apply string) any {
		return evalFlake(t, "--override-input", "microvm", self, "--override-input", "nixpkgs", nixpkgs, "path:"+user+"#"+attr, "--apply", apply)
	}
	for _, tt := range []struct {
		attr, apply string
		want        any
	}{
		{"nixosConfigurations", "builtins.attrNames", words("my-microvm")},
		{"nixosConfigurations.my-microvm.ours", "n: n", 1.0},
		{"nixosConfigurations.my-microvm.config", "c: c.networking.hostName", "my-microvm"},
		{"nixosConfigurations.my-microvm.config.microvm", "builtins.attrNames", words("declaredRunner hypervisor interfaces mem shares vcpu volumes")},
		{"apps.x86_64-linux.default", "a: a.type", "app"},
		{"apps.aarch64-darwin.default.program", "builtins.isString", true},
	} {
		if got := eval(tt.attr, tt.apply); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s of %s is %v, want %v", tt.apply, tt.attr, got, tt.want)
		}
	}
}
