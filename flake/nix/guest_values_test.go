package nix_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// evalModule evaluates attributes of a guest with a module of the test's.
func evalModule(t *testing.T, module, attr string) (string, string, error) {
	t.Helper()
	return nix(t, "eval", "--impure", "--json", "--expr", withTests(t,
		`let e = import (tests + "/eval.nix") { inherit nixpkgsLib; modules = [ { networking.hostName = "web"; } (`+module+`) ]; };
		in e.config.`+attr))
}

// TestGuestRefusesValues: a wrong name or type is an error that names the option.
func TestGuestRefusesValues(t *testing.T) {
	tests := []struct{ module, want string }{
		{`{ microvm.vcpus = 1; }`, "The option `microvm.vcpus' does not exist"},
		{`{ microvm.mem = "512"; }`, "`microvm.mem' is not of type `positive integer, meaning >0'"},
		{`{ microvm.hypervisor = "quemu"; }`, "`microvm.hypervisor' is not of type `one of \"qemu\""},
		{`{ microvm.volumes = [ { image = "a"; mountPoint = null; } ]; }`, `microvm.volumes."[definition 1-entry 1]".size' was accessed but has no value`},
		{`{ microvm.interfaces = [ { type = "macvtap"; id = "m"; mac = "02:00:00:00:00:01"; } ]; }`, `macvtap.link' was accessed but has no value`},
		{`{ microvm.storeOnDisk = false; }`, "no share has the source /nix/store"},
	}
	for _, tt := range tests {
		out, stderr, err := evalModule(t, tt.module, `microvm.spec // { a = e.config.assertions; b = e.config.fileSystems; }`)
		if err == nil || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: %s %s, want an error with %q", tt.module, out, stderr, tt.want)
		}
	}
}

// TestGuestAssertions: contradictions that Nix can see. NixOS shows all that fail.
func TestGuestAssertions(t *testing.T) {
	tests := []struct{ module, want string }{
		{`{ microvm.volumes = [ { image = "a"; mountPoint = null; } { image = "a"; mountPoint = null; } ]; }`, `the volume image "a" is used 2 times`},
		{`{ microvm.interfaces = let i = { type = "user"; id = "a"; mac = "x"; }; in [ i i ]; }`, `the interface id "a" is used 2 times`},
		{`{ microvm.interfaces = [ { type = "bridge"; id = "a"; mac = "x"; } ]; }`, `needs the name of a bridge`},
		{`{ microvm.interfaces = [ { type = "tap"; id = "a"; mac = "x"; bridge = "br0"; } ]; }`, `only the type "bridge" has the option bridge`},
		{`{ microvm.interfaces = [ { type = "tap"; id = "a234567890123456"; mac = "x"; } ]; }`, `at most 15 characters`},
		{`{ microvm.shares = let s = { tag = "a"; source = "/a"; mountPoint = "/a"; }; in [ s s ]; }`, `the share tag "a" is used 2 times`},
		{`{ microvm.shares = let s = { proto = "virtiofs"; socket = "s"; source = "/a"; mountPoint = "/a"; }; in [ (s // { tag = "a"; }) (s // { tag = "b"; }) ]; }`, `the share socket "s" is used 2 times`},
		{`{ microvm.shares = [ { proto = "virtiofs"; socket = null; tag = "a"; source = "/a"; mountPoint = "/a"; } ]; }`, `virtiofs needs a socket`},
		{`{ microvm.virtiofsd.extraArgs = [ "--translate-uid=x" ]; microvm.shares = [ { proto = "virtiofs"; tag = "a"; source = "/a"; mountPoint = "/a"; } ]; }`, `set posixAcl = false`},
		{`{ microvm.forwardPorts = [ { host.port = 1; guest.port = 2; } ]; }`, `needs an interface of the type "user"`},
		{`{ microvm.cloud-hypervisor.platformOEMStrings = [ "oem_strings=[a]" ]; }`, `platformOEMStrings`},
		{`{ microvm.writableStoreOverlay = "/rw"; nix.optimise.automatic = true; }`, `microvm.writableStoreOverlay does not work`},
		{`{ microvm.balloonMem = 1; }`, `Set microvm.balloon = true instead`},
		{`{ microvm.vsock.ssh.enable = true; }`, `set microvm.vsock.cid`},
		{`{ microvm.journal.enable = true; microvm.machineId = null; }`, `microvm.journal.enable needs microvm.machineId`},
		{`{ microvm.nixDatabaseOverlay.enable = true; microvm.writableStoreOverlay = "/rw"; }`, `share the host's`},
		{`{ microvm.nixDatabaseOverlay.enable = true; }`, `set microvm.writableStoreOverlay`},
	}
	for _, tt := range tests {
		out, stderr, err := evalModule(t, tt.module, `assertions`)
		if err != nil {
			t.Errorf("%s: %s", tt.module, stderr)
			continue
		}
		var assertions []struct {
			Assertion bool
			Message   string
		}
		if err := json.Unmarshal([]byte(out), &assertions); err != nil {
			t.Fatal(err)
		}
		var failed []string
		for _, a := range assertions {
			if !a.Assertion {
				failed = append(failed, a.Message)
			}
		}
		if !strings.Contains(strings.Join(failed, "\n"), tt.want) {
			t.Errorf("%s: failed %q, want %q", tt.module, failed, tt.want)
		}
	}
}

func TestGuestWarnings(t *testing.T) {
	tests := []struct{ module, want string }{
		{`{ }`, ""},
		{`{ microvm.mem = 16; }`, "16 MiB of RAM"},
		{`{ nix.optimise.automatic = true; }`, "nix.optimise.automatic gains nothing"},
		{`{ microvm.credentialFiles.token = ./flake_test.go; }`, "microvm.credentialFiles.token is a path literal"},
		{`{ microvm.shares = [ { tag = "s"; proto = "virtiofs"; source = "/run/secrets"; mountPoint = "/s"; } ]; }`, "sops.keepGenerations = 0"},
		{`{ microvm.shares = [ { tag = "s"; proto = "virtiofs"; source = "/run/secrets-of-mine"; mountPoint = "/s"; } ]; }`, ""},
		{`{ microvm.warnAboutSopsShares = false; microvm.shares = [ { tag = "s"; proto = "virtiofs"; source = "/run/secrets/web"; mountPoint = "/s"; } ]; }`, ""},
	}
	for _, tt := range tests {
		out, stderr, err := evalModule(t, tt.module, `warnings`)
		if err != nil {
			t.Errorf("%s: %s", tt.module, stderr)
			continue
		}
		if tt.want == "" && out != "[]" || !strings.Contains(out, tt.want) {
			t.Errorf("%s: warnings %s, want %q", tt.module, out, tt.want)
		}
	}
}

// TestToGuest boots a machine's own system: its disks are not there.
func TestToGuest(t *testing.T) {
	var got struct {
		Again    bool
		Mounts   map[string]string
		Swap     []any
		Luks     map[string]any
		Declared string
		Shares   []struct{ Source string }
	}
	evalTest(t, `let
		e = import (tests + "/eval.nix") { inherit nixpkgsLib; modules = [ ]; };
		inherit (e) lib pkgs;
		laptop = lib.evalModules { modules = [
			{ _module.args = { inherit pkgs; }; }
			(tests + "/nixos.nix")
			{
				networking.hostName = "laptop";
				fileSystems."/" = { device = "/dev/mapper/root"; fsType = "btrfs"; };
				fileSystems."/home" = { device = "/dev/sda2"; fsType = "ext4"; };
				swapDevices = [ { device = "/dev/sda3"; } ];
				boot.initrd.luks.devices.root = { };
				boot.loader.systemd-boot.enable = true;
			}
		]; };
		ours = import (sources + "/lib") {
			inherit lib;
			microvmFor = throw "not needed";
			guestModule = import (sources + "/modules/guest-of-flake.nix") { microvmFor = _: pkgs.package "microvm"; };
		};
		guest = ours.toGuest laptop;
	in {
		again = (ours.toGuest guest).config.microvm.declaredRunner == guest.config.microvm.declaredRunner;
		mounts = lib.mapAttrs (_: fs: fs.fsType) guest.config.fileSystems;
		swap = guest.config.swapDevices;
		luks = guest.config.boot.initrd.luks.devices;
		declared = guest.config.microvm.declaredRunner.name;
		shares = guest.config.microvm.spec.shares;
	}`, &got)
	if got.Mounts["/"] != "tmpfs" || got.Mounts["/home"] != "" || got.Mounts["/nix/store"] == "" {
		t.Errorf("mounts %v", got.Mounts)
	}
	if len(got.Swap) > 0 || len(got.Luks) > 0 {
		t.Errorf("swap %v, luks %v", got.Swap, got.Luks)
	}
	if got.Declared != "microvm-qemu-laptop" || !got.Again {
		t.Errorf("runner %q, a guest is left as it is: %t", got.Declared, got.Again)
	}
	if len(got.Shares) != 1 || got.Shares[0].Source != "/nix/store" {
		t.Errorf("shares %v", got.Shares)
	}
}

// TestGuestModuleTwice: a configuration and what it imports may both import it.
func TestGuestModuleTwice(t *testing.T) {
	var hypervisor string
	evalTest(t, `let
		lib = import (nixpkgsLib + "/lib");
		pkgs = import (tests + "/pkgs.nix") { inherit lib; };
		module = import (sources + "/modules/guest-of-flake.nix") { microvmFor = _: pkgs.package "microvm"; };
		guest = lib.evalModules { modules = [
			{ _module.args = { inherit pkgs; }; }
			(tests + "/nixos.nix")
			module
			{ imports = [ module ]; }
		]; };
	in builtins.seq guest.config.microvm.declaredRunner.drvPath guest.config.microvm.spec.hypervisor`, &hypervisor)
	if hypervisor != "qemu" {
		t.Errorf("hypervisor %q", hypervisor)
	}
}
