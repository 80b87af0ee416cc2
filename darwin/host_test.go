package darwin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// plistOf is what codesign prints for a program with these entitlements.
func plistOf(names ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "https://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist version="1.0"><dict>`)
	for _, n := range names {
		fmt.Fprintf(&b, "<key>%s</key>\n\t<true/>", n)
	}
	return b.String() + "</dict></plist>"
}

const (
	virtualization = "com.apple.security.virtualization"
	hypervisor     = "com.apple.security.hypervisor"
)

// goodMac is a Mac that lacks nothing.
func goodMac() Host {
	programs := map[string]string{
		"vfkit": plistOf("com.apple.security.network.client", virtualization), "qemu-system-aarch64": plistOf(hypervisor),
	}
	return Host{
		Arch:        "arm64",
		Version:     func() (string, error) { return "14.6.1", nil },
		Virtualizes: func() (bool, error) { return true, nil },
		Files:       fstest.MapFS{rosettaForLinux: {}},
		LookPath: func(name string) (string, error) {
			if _, ok := programs[name]; !ok {
				return "", errors.New("not found")
			}
			return "/bin/" + name, nil
		},
		Run: func(_ context.Context, name string, args ...string) ([]byte, error) {
			path := args[len(args)-1]
			if want := []string{"-d", "--entitlements", "-", "--xml", path}; name != "/usr/bin/codesign" || !slices.Equal(args, want) {
				return nil, fmt.Errorf("unexpected %s %q", name, args)
			}
			return []byte(programs[strings.TrimPrefix(path, "/bin/")]), nil
		},
	}
}

func TestCheckHost(t *testing.T) {
	signed := func(plist string) func(*Host) {
		return func(h *Host) {
			h.Run = func(context.Context, string, ...string) ([]byte, error) { return []byte(plist), nil }
		}
	}
	tests := map[string]struct {
		change func(*Host)
		want   []string
	}{
		"good": {func(*Host) {}, []string{
			"ok macOS: 14.6.1", "ok hypervisor framework: for vfkit, and QEMU with HVF", "ok rosetta: for vfkit.rosetta",
			"ok vfkit: /bin/vfkit", "ok qemu signature: /bin/qemu-system-aarch64",
		}},
		"old":             {func(h *Host) { h.Version = func() (string, error) { return "12.7", nil } }, []string{"warn macOS: 12.7 is too old for vfkit; update to macOS 13 or later, or use --hypervisor qemu"}},
		"oldest":          {func(h *Host) { h.Version = func() (string, error) { return "13.0", nil } }, []string{"ok macOS: 13.0"}},
		"unknown":         {func(h *Host) { h.Version = func() (string, error) { return "", errors.New("no such variable") } }, []string{"warn macOS: no such variable"}},
		"garbage":         {func(h *Host) { h.Version = func() (string, error) { return "Ventura", nil } }, []string{`warn macOS: no version in "Ventura"`}},
		"virtual":         {func(h *Host) { h.Virtualizes = func() (bool, error) { return false, nil } }, []string{"warn hypervisor framework: this Mac cannot run VMs, as most virtual Macs cannot; use --hypervisor qemu --accel tcg, which is slow"}},
		"virtual perhaps": {func(h *Host) { h.Virtualizes = func() (bool, error) { return false, errors.New("no") } }, []string{"warn hypervisor framework: no"}},
		"no Rosetta":      {func(h *Host) { h.Files = fstest.MapFS{} }, []string{"warn rosetta: is not installed (for vfkit.rosetta); softwareupdate --install-rosetta, or vfkit.rosetta.install"}},
		"unsigned": {signed(plistOf()), []string{
			"warn vfkit: /bin/vfkit lacks the entitlement " + virtualization + "; use the one of Homebrew or nixpkgs, which is signed for it",
			"warn qemu signature: /bin/qemu-system-aarch64 lacks the entitlement " + hypervisor + "; use the one of Homebrew or nixpkgs, which is signed for it",
		}},
		"codesign fails": {func(h *Host) {
			h.Run = func(context.Context, string, ...string) ([]byte, error) { return nil, errors.New("exit status 1") }
		}, []string{"warn vfkit: codesign /bin/vfkit: exit status 1; use the one of Homebrew or nixpkgs, which is signed for it"}},
		"nothing installed": {func(h *Host) {
			h.LookPath = func(string) (string, error) { return "", errors.New("not found") }
		}, []string{"warn vfkit: is not in $PATH; `brew install vfkit`, or use the host's nixpkgs: --host-tools nixpkgs"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := goodMac()
			tt.change(&h)
			var got []string
			for _, f := range h.Check(t.Context()) {
				line := fmt.Sprintf("%s %s: %s", f.State, f.Name, f.Detail)
				if f.Fix != "" {
					line += "; " + f.Fix
				}
				got = append(got, line)
			}
			for _, want := range tt.want {
				if !slices.Contains(got, want) {
					t.Errorf("no %q in %q", want, got)
				}
			}
		})
	}
}

func TestCheckIntelHost(t *testing.T) {
	h := goodMac()
	h.Arch = "amd64"
	var names []string
	for _, f := range h.Check(t.Context()) {
		names = append(names, f.Name)
	}
	// Neither Rosetta nor the QEMU of the other architecture.
	if want := []string{"macOS", "hypervisor framework", "vfkit"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestEntitled(t *testing.T) {
	for plist, want := range map[string]bool{
		plistOf(hypervisor):          true,
		plistOf("other", hypervisor): true,
		plistOf("other"):             false,
		"":                           false,
		"Executable=/bin/qemu":       false,
		"<dict><key>" + hypervisor + "</key><false/></dict>":                              false,
		"<dict><key>" + hypervisor + "</key><false/><true/></dict>":                       false,
		"<dict><key>" + hypervisor + "</key><string>x</string><key>b</key><true/></dict>": false,
		"<dict><key>" + hypervisor:                                                        false,
	} {
		if got := entitled([]byte(plist), hypervisor); got != want {
			t.Errorf("%s: got %t", plist, got)
		}
	}
}

func FuzzEntitled(f *testing.F) {
	f.Add([]byte(plistOf(hypervisor)))
	f.Add([]byte("<dict><key>a<b/></key><true/></dict>"))
	f.Fuzz(func(t *testing.T, plist []byte) {
		// An entitlement that the text does not have is never found.
		if entitled(plist, hypervisor) && !strings.Contains(string(plist), "true") {
			t.Error("found in a list without a value")
		}
	})
}
