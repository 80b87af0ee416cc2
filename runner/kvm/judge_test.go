package kvm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	intel  = "flags\t\t: fpu vmx\n"
	amd    = "processor\t: 0\nflags\t\t: fpu svm\n"
	nested = "flags\t\t: fpu vmx hypervisor\n"
	inVM   = "flags\t\t: fpu hypervisor\n"
)

// fakeHost has everything an ordinary machine has; tests take it away.
func fakeHost(t *testing.T, cpuinfo string, paths ...string) host {
	t.Helper()
	root := t.TempDir()
	for _, p := range paths {
		if err := os.MkdirAll(filepath.Join(root, p), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "proc"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "proc/cpuinfo"), []byte(cpuinfo), 0o600); err != nil {
		t.Fatal(err)
	}
	return host{
		root:  root,
		arch:  "amd64",
		stat:  func() (node, error) { return device(0o660), nil },
		open:  func() error { return nil },
		group: func(uint32) string { return "kvm" },
		child: childAnswers(answer{Instructions: 1000, Nanoseconds: 400}, nil),
	}
}

func device(perm fs.FileMode) node {
	return node{Mode: fs.ModeDevice | fs.ModeCharDevice | perm, GID: 104}
}

const (
	sysIntel = "sys/module/kvm_intel"
	sysAMD   = "sys/module/kvm_amd"
	sysPVM   = "sys/module/kvm_pvm"
	sysKVM   = "sys/module/kvm"
)

func TestJudge(t *testing.T) {
	const slow = "takes 480 ns an instruction"
	slowly := childAnswers(answer{Instructions: 1000, Nanoseconds: 480_000}, nil)
	for name, test := range map[string]struct {
		cpuinfo string
		paths   []string
		change  func(*host)
		want    Verdict
		layers  string // names, with ! where one is not OK
		module  string
		reason  string
		fix     string
	}{
		"intel": {intel, []string{sysKVM, sysIntel}, nil,
			Works, "device access module guest speed", "kvm_intel", "", ""},
		"amd": {amd, []string{sysKVM, sysAMD}, nil,
			Works, "device access module guest speed", "kvm_amd", "", ""},
		"nested": {nested, []string{sysKVM, sysIntel}, nil,
			Works, "device access module guest speed", "kvm_intel", "", ""},
		"hidden /sys": {intel, nil, nil,
			Works, "device access module guest speed", "", "", ""},
		"arm64": {"Features\t: fp\n", []string{sysKVM}, func(h *host) { h.arch, h.child = "arm64", childAnswers(answer{}, nil) },
			Works, "device access module guest", "kvm", "", ""},
		"pvm": {inVM, []string{sysKVM, sysPVM}, func(h *host) { h.child = slowly },
			Suspect, "device access !module guest !speed", "kvm_pvm", "only kvm_pvm stands behind /dev/kvm, which is for paravirtualised guest kernels (this host is itself a virtual machine); /dev/kvm " + slow,
			"enable nested virtualization"},
		"pvm at speed": {inVM, []string{sysPVM}, nil,
			Suspect, "device access !module guest speed", "kvm_pvm", "paravirtualised", "enable nested"},
		"both": {nested, []string{sysIntel, sysPVM}, nil,
			Works, "device access module guest speed", "kvm_intel,kvm_pvm", "", ""},
		"both, slow": {nested, []string{sysIntel, sysPVM}, func(h *host) { h.child = slowly },
			Suspect, "device access module guest !speed", "kvm_intel,kvm_pvm", slow, ""},
		"no device, module not loaded": {intel, nil, absent,
			Unusable, "!device", "", "does not exist", "modprobe kvm_intel"},
		"no device, AMD": {amd, nil, absent,
			Unusable, "!device", "", "does not exist", "modprobe kvm_amd"},
		"no device, module loaded": {intel, []string{sysIntel}, absent,
			Unusable, "!device", "kvm_intel", "does not exist", "mknod"},
		"no device, disabled in firmware": {"flags : fpu\n", nil, absent,
			Unusable, "!device", "", "does not exist", "firmware"},
		"no device in a virtual machine": {inVM, nil, absent,
			Unusable, "!device", "", "does not exist", "nested virtualization"},
		"no device on arm64": {"", nil, func(h *host) { absent(h); h.arch = "arm64" },
			Unusable, "!device", "", "does not exist", "EL2"},
		"no device in a container": {intel, []string{".dockerenv", sysIntel}, absent,
			Unusable, "!device", "kvm_intel", "does not exist", "--device /dev/kvm"},
		"not linux": {"", nil, func(h *host) { h.stat = func() (node, error) { return node{}, errors.ErrUnsupported } },
			Unusable, "!device", "", "not Linux", ""},
		"stat fails": {"", nil, func(h *host) { h.stat = func() (node, error) { return node{}, syscall.EIO } },
			Unusable, "!device", "", "input/output error", ""},
		"a directory": {intel, nil, func(h *host) { h.stat = func() (node, error) { return node{Mode: fs.ModeDir}, nil } },
			Unusable, "!device", "", "not a device", "--device /dev/kvm"},
		"not in the group": {intel, []string{sysIntel}, openFails(syscall.EACCES),
			Unusable, "device !access", "kvm_intel", "may not use /dev/kvm", `usermod -aG kvm "$USER"`},
		"group without a name": {intel, []string{sysIntel}, func(h *host) {
			openFails(syscall.EACCES)(h)
			h.group = func(uint32) string { return "" }
		}, Unusable, "device !access", "kvm_intel", "may not use", "--group-add 104"},
		"only for root": {intel, []string{sysIntel}, func(h *host) {
			openFails(syscall.EACCES)(h)
			h.stat = func() (node, error) { return device(0o600), nil }
		}, Unusable, "device !access", "kvm_intel", "may not use", "udev"},
		"device cgroup": {intel, []string{sysIntel}, openFails(syscall.EPERM),
			Unusable, "device !access", "kvm_intel", "container", "--device /dev/kvm"},
		"no driver": {amd, nil, openFails(syscall.ENODEV),
			Unusable, "device !access", "", "no kernel module", "modprobe kvm_amd"},
		"open fails": {intel, nil, openFails(syscall.EMFILE),
			Unusable, "device !access", "", "too many open files", ""},
		"guest fails": {intel, []string{sysIntel}, func(h *host) {
			h.child = childAnswers(answer{Error: "KVM_CREATE_VM: busy", Fix: "stop it"}, nil)
		}, Unusable, "device access module !guest", "kvm_intel", "KVM_CREATE_VM: busy", "stop it"},
		"guest hangs": {intel, []string{sysIntel}, func(h *host) { h.child = childAnswers(answer{}, errors.New("hangs")) },
			Unusable, "device access module !guest", "kvm_intel", "hangs", ""},
		"guest not tried": {intel, []string{sysIntel}, func(h *host) { h.child = childAnswers(answer{}, fmt.Errorf("%w: no", errNotStarted)) },
			Suspect, "device access module !guest", "kvm_intel", "could not be started: no", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := fakeHost(t, test.cpuinfo, test.paths...)
			if test.change != nil {
				test.change(&h)
			}
			r := h.judge(t.Context())
			if r.Verdict != test.want || r.Module != test.module || layers(r) != test.layers || r.Path != "/dev/kvm" {
				t.Errorf("%s, module %q, layers %q; want %s, %q, %q", r.Verdict, r.Module, layers(r), test.want, test.module, test.layers)
			}
			if !strings.Contains(r.Reason(), test.reason) || (r.Reason() == "") != (r.Verdict == Works) {
				t.Errorf("reason %q, want %q", r.Reason(), test.reason)
			}
			if got := fixes(r); !strings.Contains(got, test.fix) || (got == "") != (test.fix == "") {
				t.Errorf("fix %q, want %q", got, test.fix)
			}
		})
	}
}

func absent(h *host) { h.stat = func() (node, error) { return node{}, fs.ErrNotExist } }

func openFails(errno syscall.Errno) func(*host) {
	return func(h *host) {
		h.open = func() error { return &fs.PathError{Op: "open", Path: devicePath, Err: errno} }
	}
}

func layers(r Report) string {
	var names []string
	for _, l := range r.Layers {
		if !l.OK {
			l.Name = "!" + l.Name
		}
		names = append(names, l.Name)
	}
	return strings.Join(names, " ")
}

func fixes(r Report) string {
	var all strings.Builder
	for _, l := range r.Layers {
		all.WriteString(l.Fix)
	}
	return all.String()
}

func TestNestingIsNoted(t *testing.T) {
	for cpuinfo, want := range map[string]bool{intel: false, nested: true} {
		r := fakeHost(t, cpuinfo, sysIntel).judge(t.Context())
		if got := strings.Contains(r.Layers[2].Detail, "virtual machine"); got != want {
			t.Errorf("module layer %q", r.Layers[2].Detail)
		}
	}
}
