package nix_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestHostUnitsVerify has systemd read the units.
func TestHostUnitsVerify(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skipf("needs systemd-analyze: %v", err)
	}
	for _, name := range []string{"minimal", "full", "soft"} {
		t.Run(name, func(t *testing.T) {
			dir, units := installUnits(t, goodHost(t, name))
			cmd := exec.CommandContext(t.Context(), analyze, append([]string{"verify", "--man=no"}, units...)...)
			// The colon adds systemd's own units.
			cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
			out, err := cmd.CombinedOutput()
			if err != nil || strings.Contains(string(out), dir) {
				t.Errorf("systemd-analyze verify: %v\n%s", err, out)
			}
		})
	}
}

// TestHostUnitsExposure bounds what systemd thinks of the confinement: 10 is
// none, and a service that says nothing has 9.6.
func TestHostUnitsExposure(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skipf("needs systemd-analyze: %v", err)
	}
	dir, _ := installUnits(t, goodHost(t, "full"))
	for unit, limit := range map[string]string{
		"microvm@unikernel.service":          "45",
		"microvm@web.service":                "40",
		"microvm@mail.service":               "75",
		"microvm-virtiofsd@web.service":      "55",
		"microvm-tap-interfaces@web.service": "45",
		"microvm-pci-devices@web.service":    "40",
		"microvm-set-booted@web.service":     "30",
		"install-microvm-web.service":        "30",
	} {
		cmd := exec.CommandContext(t.Context(), analyze, "security", "--offline=yes", "--no-pager", "--threshold="+limit, unit)
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
		out, err := cmd.CombinedOutput()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		t.Log(lines[len(lines)-1])
		if err != nil {
			t.Errorf("%s is exposed more than %s of 100: %v\n%s", unit, limit, err, out)
		}
	}
}

// installUnits writes the units of a host to a directory where the programs they
// name exist, and names instances of the templates.
func installUnits(t *testing.T, h *host) (dir string, units []string) {
	t.Helper()
	dir = t.TempDir()
	outside := strings.NewReplacer("/pkgs/", dir+"/pkgs/", "/var/lib/microvms/", dir+"/state/", "/srv/vms/", dir+"/state/")
	for name, text := range h.Files {
		if !strings.HasSuffix(name, ".service") && !strings.HasSuffix(name, ".conf") && !strings.HasSuffix(name, ".target") {
			continue
		}
		text = outside.Replace(text)
		writeFile(t, filepath.Join(dir, name), text, 0o644)
		unit := strings.TrimSuffix(name, ".d/overrides.conf")
		units = append(units, strings.ReplaceAll(unit, "@.service", "@web.service"))
		for _, vm := range []string{"git", "mail", "unikernel", "web"} {
			installPrograms(t, dir, strings.ReplaceAll(text, "%i", vm))
		}
	}
	return dir, slices.Compact(slices.Sorted(slices.Values(units)))
}

var program = regexp.MustCompile(`(?m)^Exec\w+=[-+]?(/[^ \n]+)`)

// installPrograms makes the programs that a unit starts.
func installPrograms(t *testing.T, dir, unit string) {
	t.Helper()
	for _, m := range program.FindAllStringSubmatch(unit, -1) {
		if !strings.HasPrefix(m[1], dir) {
			t.Errorf("%q starts %q, which no package has", unit, m[1])
			continue
		}
		writeFile(t, m[1], "#!/bin/sh\n", 0o755)
	}
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
