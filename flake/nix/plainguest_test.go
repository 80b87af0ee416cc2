// Package nix_test runs the Nix sources beside it in a real Nix.
package nix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// nix runs nix with its own cache and without the network.
func nix(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	path, err := exec.LookPath("nix")
	if err != nil {
		t.Skipf("needs nix: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"--extra-experimental-features", "nix-command flakes"}, args...)...)
	// Nothing listens on the discard port: what needs the network fails.
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir(), "https_proxy=http://127.0.0.1:9")
	if _, err := os.Stat("/nix/var/nix/daemon-socket/socket"); err != nil {
		cmd.Env = append(cmd.Env, "NIX_CONFIG=build-users-group =\nsandbox = false\nsubstituters =")
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// guest is an expression for a plainGuest with the arguments of a good one and
// those given.
func guest(t *testing.T, args string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`let
		derivationFor = system: derivation { name = "kernel"; inherit system; builder = "/bin/sh"; };
		good = { name = "web"; system = "x86_64-linux"; kernel = "/boot/vmlinuz"; };
	in import %s/plain-guest.nix (%s)`, dir, args)
}

func TestPlainGuestSpec(t *testing.T) {
	tests := []struct{ args, want string }{
		{
			`good`,
			`{"boot":{"kernel":"/boot/vmlinuz","kernelParams":[]},"hypervisor":"qemu","name":"web","system":"x86_64-linux","version":1}`,
		},
		{
			`good // { initrd = "/i"; kernelElf = "/e"; kernelParams = [ "quiet" ]; hypervisor = "firecracker"; mem = 256; cpu = null; qemu.machine = "q35"; buildSystem = "aarch64-darwin"; microvm = "/m"; }`,
			`{"boot":{"initrd":"/i","kernel":"/boot/vmlinuz","kernelElf":"/e","kernelParams":["quiet"]},"cpu":null,"hypervisor":"firecracker","mem":256,"name":"web","qemu":{"machine":"q35"},"system":"x86_64-linux","version":1}`,
		},
		{
			`good // { initrd = null; volumes = [ { image = ./plain-guest.nix; readOnly = true; } { image = "x.img"; } ]; }`,
			`"volumes":[{"image":"/nix/store/`,
		},
		{
			`good // { kernel = derivationFor "x86_64-linux" // { target = "bzImage"; }; }`,
			`-kernel/bzImage","kernelParams"`,
		},
	}
	for _, tt := range tests {
		out, stderr, err := nix(t, "eval", "--impure", "--raw", "--expr", "builtins.toJSON ("+guest(t, tt.args)+").config.microvm.spec")
		if err != nil || !strings.Contains(out, tt.want) {
			t.Errorf("spec of %s = %s, %v %s, want %s", tt.args, out, err, stderr, tt.want)
		}
	}
}

func TestPlainGuestRefuses(t *testing.T) {
	tests := []struct {
		args string
		want []string
	}{
		{`{}`, []string{`argument "name" is missing`, `argument "system" is missing`, `argument "kernel" is missing`}},
		{`good // { name = "../web"; mem = "512"; vcpu = 1.5; }`, []string{
			`plainGuest "../web"`, `argument "name": expected`, `got "../web"`, `argument "mem": expected an integer, got "512"`, `"vcpu": expected an integer, got a float`,
		}},
		{`good // { name = ".."; }`, []string{`argument "name"`}},
		{`good // { system = "linux"; }`, []string{`argument "system": expected a string such as "x86_64-linux", got "linux"`}},
		{`good // { sytem = "x"; }`, []string{`unknown argument "sytem": expected one of alioth, `}},
		{`good // { hypervisor = "quemu"; kernelParams = "x"; volumes = [ 1 ]; balloon = 1; vsock = derivationFor "x"; }`, []string{
			`"hypervisor": expected one of qemu, `, `"kernelParams": expected a list`, `"volumes": expected a list, each item an attribute set`, `"balloon": expected true or false, got 1`, `"vsock": expected an attribute set`,
		}},
		{`good // { kernel = derivationFor "aarch64-linux"; }`, []string{`argument "kernel" is a package for aarch64-linux, but the guest is x86_64-linux`}},
		{`good // { credentialFiles.token = ./plain-guest.nix; }`, []string{`"token" is a path literal`, `world-readable`}},
		{`good // { volumes = [ { image = ./plain-guest.nix; } ]; }`, []string{`plain-guest.nix is a path literal`, `readOnly = true`}},
	}
	for _, tt := range tests {
		out, stderr, err := nix(t, "eval", "--impure", "--json", "--expr", "("+guest(t, tt.args)+").config.microvm.declaredRunner.drvPath")
		if err == nil {
			t.Errorf("%s gave %s, want an error", tt.args, out)
		}
		for _, want := range tt.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: error %s lacks %q", tt.args, stderr, want)
			}
		}
	}
}

func TestPlainGuestRunner(t *testing.T) {
	out, stderr, err := nix(t, "build", "--impure", "--no-link", "--json", "--expr", "("+guest(t, `good // { mem = 256; }`)+").config.microvm.declaredRunner")
	if err != nil {
		t.Fatalf("nix build: %v\n%s", err, stderr)
	}
	var built []struct{ Outputs struct{ Out string } }
	if err := json.Unmarshal([]byte(out), &built); err != nil || len(built) != 1 {
		t.Fatalf("nix build printed %s: %v", out, err)
	}
	dir := built[0].Outputs.Out
	for name, want := range map[string]string{
		"share/microvm/spec.json":  `{"boot":{"kernel":"/boot/vmlinuz","kernelParams":[]},"hypervisor":"qemu","mem":256,"name":"web","system":"x86_64-linux","version":1}`,
		"share/microvm/hypervisor": "qemu\n",
		"bin/microvm-run":          "#!/bin/sh\nexec microvm run " + dir + " \"$@\"\n",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s = %q, %v, want %q", name, got, err, want)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "bin/microvm-run")); err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("bin/microvm-run is not executable: %v, %v", info, err)
	}
}

// TestPlainGuestFields keeps the arguments and the spec of Go the same.
func TestPlainGuestFields(t *testing.T) {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	out, stderr, err := nix(t, "eval", "--impure", "--json", "--expr", "builtins.attrNames (import "+dir+"/plain-guest-fields.nix).spec")
	if err != nil {
		t.Fatalf("nix eval: %v\n%s", err, stderr)
	}
	fields := []string{"boot", "name", "system", "version"}
	var arguments []string
	if err := json.Unmarshal([]byte(out), &arguments); err != nil {
		t.Fatal(err)
	}
	fields = append(fields, arguments...)
	for _, want := range schemaProperties(t) {
		if !slices.Contains(fields, want) {
			t.Errorf("plainGuest does not know the spec's field %q", want)
		}
		fields = slices.DeleteFunc(fields, func(f string) bool { return f == want })
	}
	if len(fields) > 0 {
		t.Errorf("plainGuest knows fields that the spec has not: %q", fields)
	}
}

func schemaProperties(t *testing.T) (names []string) {
	t.Helper()
	text, err := os.ReadFile("../../runner/spec.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for name := range schema.Properties {
		names = append(names, name)
	}
	if len(names) == 0 {
		t.Fatal("the schema has no properties")
	}
	return names
}
