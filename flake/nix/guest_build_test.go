package nix_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildTest builds the derivation of an expression and returns its output.
func buildTest(t *testing.T, expr string) (out, stderr string, err error) {
	t.Helper()
	text, stderr, err := nix(t, "build", "--impure", "--no-link", "--json", "--expr", withTests(t, expr))
	if err != nil {
		return "", stderr, err
	}
	var built []struct{ Outputs struct{ Out string } }
	if err := json.Unmarshal([]byte(text), &built); err != nil || len(built) != 1 {
		t.Fatalf("nix build printed %s: %v", text, err)
	}
	return built[0].Outputs.Out, stderr, nil
}

func TestGuestRunner(t *testing.T) {
	microvm := buildMicrovm(t)
	runner, stderr, err := buildTest(t, `(import (tests + "/evaluated.nix") { inherit nixpkgsLib; microvm = `+microvm+`; })
		.shares.config.microvm.declaredRunner`)
	if err != nil {
		t.Fatalf("nix build: %v\n%s", err, stderr)
	}
	spec, err := os.ReadFile(filepath.Join(runner, "share/microvm/spec.json"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		t.Skip("the golden file is TestGuestCases's to write")
	}
	golden(t, "testdata/spec/shares.json", spec)
	run, err := os.ReadFile(filepath.Join(runner, "bin/microvm-run"))
	if err != nil || !strings.Contains(string(run), "-microvm/bin/microvm run --host-tools guest "+runner+` "$@"`) {
		t.Errorf("microvm-run: %q, %v: want the program by its store path, and the runner's tools", run, err)
	}
	if to, err := os.Readlink(filepath.Join(runner, "share/microvm/system")); err != nil || !strings.HasSuffix(to, "-nixos-system") {
		t.Errorf("share/microvm/system: %q, %v", to, err)
	}
}

// TestGuestRunnerRefuses: what Nix cannot see, the program does when the runner is
// built, all of it at once.
func TestGuestRunnerRefuses(t *testing.T) {
	_, stderr, err := buildTest(t, `(import (tests + "/eval.nix") {
		inherit nixpkgsLib;
		microvm = `+buildMicrovm(t)+`;
		modules = [ { microvm = {
			shares = [ { tag = "ro-store"; source = "/nix/store"; mountPoint = "/nix/store"; } ];
			hotplugMem = 512; socket = ""; vsock.cid = 1;
		}; } ];
	}).config.microvm.declaredRunner`)
	if err == nil {
		t.Fatal("built")
	}
	for _, want := range []string{"hotplugMem:", "socket:", "vsock.cid:"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%s lacks %q", stderr, want)
		}
	}
}

// TestBuildRunner builds a runner for this host of a guest of microvm.nix, whose
// options are ours without those that it lacks.
func TestBuildRunner(t *testing.T) {
	runner, stderr, err := buildTest(t, `let
		guest = (import (tests + "/evaluated.nix") { inherit nixpkgsLib; microvm = `+buildMicrovm(t)+`; }).shares;
		lib = import (sources + "/lib") { inherit (guest) lib; microvmFor = system: assert system == "x86_64-linux"; guest.program; guestModule = { }; };
		pkgs = guest.pkgs // { qemu_kvm = guest.pkgs.package "host-qemu"; virtiofsd = guest.pkgs.package "host-virtiofsd"; };
	in lib.buildRunner {
		inherit pkgs;
		microvmConfig = removeAttrs guest.config.microvm [ "spec" "package" "journal" "nixDatabaseOverlay" "machineId" ]
			// { inherit (guest.config.networking) hostName; };
		inherit (guest.config.system.build) toplevel;
	}`)
	if err != nil {
		t.Fatalf("nix build: %v\n%s", err, stderr)
	}
	text, err := os.ReadFile(filepath.Join(runner, "share/microvm/spec.json"))
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Name, System string
		Tools        map[string]string
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	if spec.Name != "shares" || spec.System != "x86_64-linux" {
		t.Errorf("built %s for %s", spec.Name, spec.System)
	}
	for name, want := range map[string]string{
		"qemu":      "-host-qemu/bin/qemu-system-x86_64",
		"virtiofsd": "-host-virtiofsd/bin/virtiofsd",
	} {
		if !strings.HasSuffix(spec.Tools[name], want) {
			t.Errorf("%s is %q, want the host's %s", name, spec.Tools[name], want)
		}
	}
}

// TestDeployScripts runs the scripts as Nix makes them, with programs that only
// say how they are called.
func TestDeployScripts(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skipf("needs bash: %v", err)
	}
	fakes := t.TempDir()
	for _, name := range []string{"ssh", "nix", "install", "switch"} {
		fake := "#!" + bash + "\nprintf '%s' " + name + "\nprintf ' [%s]' \"$@\"\necho\n"
		if err := os.WriteFile(filepath.Join(fakes, name), []byte(fake), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	variables := "set -euo pipefail\nhostName=web closureDrv=/c.drv nixDrv=/n.drv runnerDrv=/r.drv toplevelDrv=/t.drv\n" +
		"closureOut=/c nixOut=/n toplevelOut=/t installOnHost=install sshSwitch=$CAN_SWITCH\n"
	tests := []struct {
		script, canSwitch string
		args              []string
		want              string
		fails             bool
	}{
		{"install-on-host", "", []string{"root@host"}, "nix [copy] [--no-check-sigs] [--derivation] [--to] [ssh-ng://root@host] [/c.drv^out] [/r.drv^out]\n" +
			"ssh [root@host] [--] [bash] [-s] [--] [web] [/r.drv] [/n.drv] [/c.drv] [/t.drv]\n", false},
		{"install-on-host", "", []string{"me@host", "--use-remote-sudo"}, "ssh [me@host] [--] [sudo] [bash] [-s]", false},
		{"install-on-host", "", []string{"me@host", "--sudo"}, "usage: ", true},
		{"install-on-host", "", nil, "usage: ", true},
		{"switch", "", []string{"root@vm"}, "ssh [root@vm] [--] [bash] [-s] [--] [web] [/n] [/c] [/t] [switch]\n", false},
		{"switch", "", []string{"me@vm", "--use-remote-sudo", "boot"}, "ssh [me@vm] [--] [sudo] [bash] [-s] [--] [web] [/n] [/c] [/t] [boot]\n", false},
		{"switch", "", []string{"me@vm", "$(reboot)"}, `"$(reboot)" is none of switch`, true},
		{"rebuild", "switch", []string{"root@host", "root@vm", "test"}, "install [root@host]\nswitch [root@vm] [test]\n", false},
		{"rebuild", "", []string{"root@host", "root@vm", "--use-remote-sudo"}, "install [root@host] [--use-remote-sudo]\nssh [root@host] [--] [sudo] [systemctl] [restart] [microvm@web.service]\n", false},
		{"rebuild", "", []string{"root@host"}, "usage: ", true},
	}
	for _, tt := range tests {
		text, err := os.ReadFile("modules/guest/deploy/" + tt.script + ".sh")
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), bash, append([]string{"-c", variables + string(text), "script"}, tt.args...)...)
		cmd.Env = []string{"PATH=" + fakes + ":/bin:/usr/bin", "CAN_SWITCH=" + tt.canSwitch}
		out, err := cmd.CombinedOutput()
		if (err != nil) != tt.fails || !strings.Contains(string(out), tt.want) {
			t.Errorf("%s %q: %v\n%swant %s", tt.script, tt.args, err, out, tt.want)
		}
	}
}
