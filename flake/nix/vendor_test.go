package nix_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestVendorHash does what nixpkgs' buildGoModule hashes: the directory that `go
// mod vendor` makes.
func TestVendorHash(t *testing.T) {
	const file = "packages/vendor-hash.nix"
	dir := filepath.Join(t.TempDir(), "vendor")
	cmd := exec.CommandContext(t.Context(), "go", "mod", "vendor", "-o", dir)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go mod vendor: %v\n%s", err, out)
	}
	out, stderr, err := nix(t, "hash", "path", dir)
	if err != nil {
		t.Fatalf("nix hash: %v\n%s", err, stderr)
	}
	got := fmt.Sprintf("%q\n", strings.TrimSpace(out))
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has %s, want %s (go test -run TestVendorHash ./flake/nix -update)", file, want, got)
	}
}
