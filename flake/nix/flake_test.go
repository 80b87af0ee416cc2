package nix_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHelloNeedsNoNixpkgs evaluates examples/hello as `make demo` does, where
// the nixpkgs that our flake is locked to cannot be fetched.
func TestHelloNeedsNoNixpkgs(t *testing.T) {
	self, hello := t.TempDir(), t.TempDir()
	if err := os.CopyFS(filepath.Join(self, "flake/nix"), os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{
		filepath.Join(self, "flake.nix"):  "../../flake.nix",
		filepath.Join(self, "flake.lock"): "../../flake.lock",
		filepath.Join(hello, "flake.nix"): "../../examples/hello/flake.nix",
		filepath.Join(hello, "kernel"):    "flake_test.go",
		filepath.Join(hello, "initrd"):    "flake_test.go",
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, stderr, err := nix(t, "eval", "--json", "--override-input", "microvm", "path:"+self,
		"path:"+hello+"#nixosConfigurations.hello.config.microvm.spec")
	if err != nil {
		t.Fatalf("nix eval: %v\n%s", err, stderr)
	}
	for _, want := range []string{`"name":"hello"`, `-kernel"`, `-initrd"`, `"hostname=hello"`} {
		if !strings.Contains(out, want) {
			t.Errorf("the spec %s lacks %s", out, want)
		}
	}
	if _, err := os.Stat(filepath.Join(hello, "flake.lock")); err == nil {
		t.Error("a lock file was written although an input is overridden")
	}
}
