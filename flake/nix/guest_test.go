package nix_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// nixpkgsLib is a checkout of nixpkgs' lib, without which no module evaluates.
func nixpkgsLib(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MICROVM_TEST_NIXPKGS_LIB")
	if dir == "" {
		t.Skip("MICROVM_TEST_NIXPKGS_LIB is not set: it names a checkout of nixpkgs or of nix-community/nixpkgs.lib")
	}
	return dir
}

// evalTest applies one of the functions in tests/ to arguments in Nix and decodes
// the JSON into v.
func evalTest(t *testing.T, expr string, v any) {
	t.Helper()
	out, stderr, err := nix(t, "eval", "--impure", "--json", "--expr", withTests(t, expr))
	if err != nil {
		t.Fatalf("nix eval: %v\n%s", err, stderr)
	}
	if err := json.Unmarshal([]byte(out), v); err != nil {
		t.Fatal(err)
	}
}

// withTests is an expression in which tests, nixpkgsLib and sources are defined.
func withTests(t *testing.T, expr string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("let sources = %s; tests = sources + \"/tests\"; nixpkgsLib = %q; in %s", dir, nixpkgsLib(t), expr)
}

// buildMicrovm builds the program as packages have it: static.
func buildMicrovm(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "microvm")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../../cmd/microvm")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// TestGuestCases compares what every case becomes with the golden files.
func TestGuestCases(t *testing.T) {
	var cases map[string]struct {
		Spec, System json.RawMessage
		Failed       []string
	}
	evalTest(t, `import (tests + "/summary.nix") { inherit nixpkgsLib; }`, &cases)
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		if len(c.Failed) > 0 {
			t.Errorf("%s: %q", name, c.Failed)
		}
		golden(t, filepath.Join("testdata/spec", name+".json"), c.Spec)
		golden(t, filepath.Join("testdata/system", name+".json"), c.System)
	}
}

var storeHash = regexp.MustCompile(`/nix/store/[0-9a-z]{32}-`)

// golden compares a document with a file, or rewrites it with -update. The hash
// of a store path says nothing that the test should know.
func golden(t *testing.T, file string, document json.RawMessage) {
	t.Helper()
	document = storeHash.ReplaceAll(document, []byte("/nix/store/00000000000000000000000000000000-"))
	var b bytes.Buffer
	if err := json.Indent(&b, document, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s is out of date, run go test -update; got:\n%s", file, b.Bytes())
	}
}

// TestGuestSpecs gives each golden spec to the program: it has to be valid, and
// its hypervisor has to be able to do what it asks.
func TestGuestSpecs(t *testing.T) {
	files, err := filepath.Glob("testdata/spec/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden specs: %v", err)
	}
	microvm := buildMicrovm(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), microvm, "spec", "--check", file).CombinedOutput()
			if err != nil && strings.Contains(string(out), "there is no hypervisor") {
				t.Skipf("this microvm lacks the backend: %s", out)
			}
			if err != nil {
				t.Fatalf("spec --check: %v\n%s", err, out)
			}
			if strings.HasPrefix(filepath.Base(file), "vfkit") {
				t.Skip("planning needs a host with macOS")
			}
			cmd := exec.CommandContext(t.Context(), microvm, "plan", "--json", "--accel", "tcg", "--host-tools", "guest", file)
			var plan struct{ VM struct{ Args []string } }
			if out, err = cmd.Output(); err != nil {
				t.Fatalf("plan: %v", err)
			}
			if err := json.Unmarshal(out, &plan); err != nil || len(plan.VM.Args) == 0 {
				t.Errorf("plan printed %s: %v", out, err)
			}
		})
	}
}

type option struct {
	Name, Type string
	// Default is the value in JSON; nil is none.
	Default *string
}

// TestGuestOptions: what microvm.nix's users set is there, of the same type and
// with the same default. The list is what tests/options.nix says of microvm.nix.
func TestGuestOptions(t *testing.T) {
	var got, want []option
	evalTest(t, `let e = import (tests + "/eval.nix") { inherit nixpkgsLib; modules = [ ]; };
		in import (tests + "/options.nix") { inherit (e) lib options; }`, &got)
	text, err := os.ReadFile("testdata/microvm.nix-options.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		i := slices.IndexFunc(got, func(o option) bool { return o.Name == w.Name })
		switch {
		case i < 0:
			t.Errorf("there is no option %s", w.Name)
		case got[i].Type != w.Type:
			t.Errorf("%s has the type %q, want %q", w.Name, got[i].Type, w.Type)
		case shown(got[i].Default) != shown(w.Default):
			t.Errorf("%s has the default %s, want %s", w.Name, shown(got[i].Default), shown(w.Default))
		}
	}
	set := append(covered(t), generated...)
	for _, o := range got {
		if !slices.Contains(set, o.Name) {
			t.Errorf("no case in tests/cases.nix sets %s", o.Name)
		}
	}
}

// generated are the options that are results.
var generated = []string{
	"microvm.bootDisk", "microvm.declaredRunner", "microvm.deploy.installOnHost", "microvm.deploy.rebuild",
	"microvm.deploy.sshSwitch", "microvm.package", "microvm.runner", "microvm.spec", "microvm.storeDisk",
}

func covered(t *testing.T) (names []string) {
	t.Helper()
	evalTest(t, `let cases = import (tests + "/evaluated.nix") { inherit nixpkgsLib; };
		in import (tests + "/covered.nix") { inherit cases; inherit (cases.minimal) lib; }`, &names)
	return names
}

func shown(s *string) string {
	if s == nil {
		return "none"
	}
	return *s
}
