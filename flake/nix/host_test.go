package nix_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// host is what tests/host/default.nix evaluates a host's configuration to.
type host struct {
	// Failed are the messages of assertions that do not hold.
	Failed []string `json:"failed"`
	// Files are unit files, scripts and rules by name.
	Files map[string]string `json:"files"`
	// Other is what goes elsewhere: users, wrappers, ...
	Other json.RawMessage `json:"other"`
}

// evalHost evaluates the host module with a configuration, a Nix expression.
func evalHost(t *testing.T, configuration string) (*host, string, error) {
	t.Helper()
	lib := nixpkgsLib(t)
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	out, stderr, err := nix(t, "eval", "--impure", "--json", "--expr", fmt.Sprintf(
		"import %s/tests/host { lib = import %s/lib; modules = [ (%s) ]; }", dir, lib, configuration))
	if err != nil {
		return nil, stderr, err
	}
	h := &host{}
	if err := json.Unmarshal([]byte(out), h); err != nil {
		t.Fatalf("nix eval printed %s: %v", out, err)
	}
	return h, stderr, nil
}

// goodHost is the configuration in tests/host/NAME.nix.
func goodHost(t *testing.T, name string) *host {
	t.Helper()
	h, stderr, err := evalHost(t, "./tests/host/"+name+".nix")
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr)
	}
	if len(h.Failed) > 0 {
		t.Fatalf("%s: assertions fail: %q", name, h.Failed)
	}
	return h
}

// archive is all of a host in one text.
func (h *host) archive(t *testing.T) []byte {
	t.Helper()
	a := &txtar.Archive{}
	for _, name := range slices.Sorted(maps.Keys(h.Files)) {
		text := storeHash.ReplaceAllString(h.Files[name], "/nix/store/HASH-")
		a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(text)})
	}
	var other any
	if err := json.Unmarshal(h.Other, &other); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(other, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	a.Files = append(a.Files, txtar.File{Name: "other.json", Data: append(text, '\n')})
	return txtar.Format(a)
}

func TestHostGolden(t *testing.T) {
	for _, name := range []string{"minimal", "full", "disabled", "soft"} {
		t.Run(name, func(t *testing.T) {
			got := goodHost(t, name).archive(t)
			golden := filepath.Join("testdata", "host", name+".txtar")
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			compareArchives(t, got, want)
		})
	}
}

func compareArchives(t *testing.T, got, want []byte) {
	t.Helper()
	left, right := contents(got), contents(want)
	names := slices.Sorted(maps.Keys(left))
	for name := range right {
		if _, ok := left[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range names {
		if left[name] != right[name] {
			t.Errorf("%s is\n%s\nwant\n%s", name, left[name], right[name])
		}
	}
}

func contents(archive []byte) map[string]string {
	files := map[string]string{}
	for _, f := range txtar.Parse(archive).Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

func TestHostRefuses(t *testing.T) {
	guest := `{ config.microvm = { declaredRunner = "/r"; interfaces = [ { type = "%s"; } ]; }; }`
	bridge, tap := fmt.Sprintf(guest, "bridge"), fmt.Sprintf(guest, "tap")
	tests := []struct{ configuration, want string }{
		{`{ microvm.vms."../web".evaluatedConfig = ` + bridge + `; }`, `microvm.vms: the name "../web" has to consist of letters`},
		{`{ microvm.vms.web = { }; }`, "microvm.vms.web: set one of config, flake and evaluatedConfig"},
		{`{ microvm.vms.web = { config = { }; flake = { outPath = "/f"; nixosConfigurations.web = ` + tap + `; }; }; }`, "microvm.vms.web: config and flake exclude each other"},
		{`{ microvm.vms.web = { evaluatedConfig = ` + tap + `; updateFlake = "github:me/vms"; }; }`, "microvm.vms.web: updateFlake needs flake"},
		{`{ microvm.vms.web = { evaluatedConfig = ` + tap + `; isolateUser = true; }; }`, "microvm.vms.web: isolateUser excludes tap"},
		{`{ microvm.vms.a-name-of-many-characters = { evaluatedConfig = ` + bridge + `; isolateUser = true; }; }`, "choose a shorter name"},
		{`{ microvm.host.hardening.bridgeHelper = false; microvm.vms.web.evaluatedConfig = ` + bridge + `; }`, "microvm.vms.web: an interface of type bridge needs microvm.host.hardening.bridgeHelper"},
		{`{ microvm.vms.web.flake = { outPath = "/f"; nixosConfigurations = { }; }; }`, "microvm.vms.web.flake: the flake has no nixosConfigurations.web"},
		{`{ microvm.host.blockDevices = [ "/dev/sd\"" ]; }`, "microvm.host.blockDevices"},
		{`{ microvm.host.blockDevices = [ "/dev/sd*" ]; }`, "microvm.host.blockDevices"},
		{`{ microvm.host.startupTimeout = 0; }`, "microvm.host.startupTimeout"},
		{`{ microvm.host.enabled = true; }`, "microvm.host.enabled"},
		{`{ microvm.vms.web.autoStart = true; }`, "microvm.vms.web.autoStart"},
		{`{ systemd.services.web.afterr = [ ]; }`, "systemd.services.web.afterr"},
	}
	for _, tt := range tests {
		h, stderr, err := evalHost(t, tt.configuration)
		said := stderr
		if err == nil {
			said = strings.Join(h.Failed, "\n")
		}
		if !strings.Contains(said, tt.want) {
			t.Errorf("%s: %v, said %q, want %q", tt.configuration, err, said, tt.want)
		}
	}
}

// TestHostOptions sets every option in tests/host/full.nix.
func TestHostOptions(t *testing.T) {
	lib := nixpkgsLib(t)
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	out, stderr, err := nix(t, "eval", "--impure", "--json", "--expr", fmt.Sprintf(
		"import %s/tests/host/options.nix { lib = import %s/lib; }", dir, lib))
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	var options struct{ Unset, Undocumented []string }
	if err := json.Unmarshal([]byte(out), &options); err != nil {
		t.Fatalf("nix eval printed %s: %v", out, err)
	}
	if len(options.Unset)+len(options.Undocumented) > 0 {
		t.Errorf("options that tests/host/full.nix does not set: %q; without a description: %q", options.Unset, options.Undocumented)
	}
}
