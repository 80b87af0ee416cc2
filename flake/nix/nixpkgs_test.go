package nix_test

import (
	"flag"
	"os"
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
