package runner

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestQEMUAccepts starts the real QEMU with every golden's command line, its CPUs
// stopped: it has then made all its devices.
func TestQEMUAccepts(t *testing.T) {
	kernel := filepath.Join(os.Getenv("MICROVM_TEST_KERNEL_DIR"), "vmlinuz")
	if _, err := os.Stat(kernel); err != nil {
		t.Skip("no kernel in $MICROVM_TEST_KERNEL_DIR; `make test` sets it")
	}
	for _, tt := range qemuCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := linuxHost(qemu10)
			if tt.host != nil {
				tt.host(&f)
			}
			s := specOf(t, tt.spec)
			if why := notHere(s, f); why != "" {
				t.Skip(why)
			}
			dir := t.TempDir()
			moveFiles(t, s, dir, kernel)
			facts := realFacts(t, s)
			dropRustOptions(s, facts)
			p, err := NewPlan(s, QEMU{}, facts, PlanOptions{Dir: dir, LockDir: dir, Ephemeral: tt.opts.Ephemeral})
			if err != nil {
				t.Fatal(err)
			}
			p.VM.Args = append(p.VM.Args, "-S")
			var messages bytes.Buffer
			o := startOptions(&bytes.Buffer{})
			o.Stderr = &messages
			vm, err := Start(shortContext(t), p, o)
			if err != nil {
				t.Fatalf("%v\n%s\n%s", err, p.VM, messages.String())
			}
			if vm.control == nil {
				t.Errorf("QEMU ended: %v\n%s\n%s", vm.Wait(), p.VM, messages.String())
			}
			if err := vm.Kill(); err != nil {
				t.Error(err)
			}
		})
	}
}

// notHere is why a case cannot be tried on this host; empty if it can.
func notHere(s *Spec, f Facts) string {
	needsHost := func(in Interface) bool { return in.Type != "user" }
	switch {
	case f.OS() != "linux":
		return "the command line is for macOS"
	case Arch(s.System) != "x86_64" && missing("qemu-system-"+Arch(s.System)):
		return "this host has no qemu-system-" + Arch(s.System)
	case missing("qemu-system-x86_64"):
		return "this host has no qemu-system-x86_64"
	case slices.ContainsFunc(s.Interfaces, needsHost):
		return "it needs interfaces of the host"
	case slices.ContainsFunc(s.Devices, func(d Device) bool { return d.Bus == "pci" }):
		return "it needs a PCI device bound to vfio-pci"
	case s.Vsock.CID != nil && missing("/dev/vhost-vsock"):
		return "this host has no /dev/vhost-vsock"
	case s.Graphics.Enable:
		return "it needs a display"
	case s.HugepageMem && !hasHugepages():
		return "this host has no huge pages reserved"
	case s.User != nil && os.Getuid() != 0:
		return "only root can switch users"
	}
	return ""
}

func missing(program string) bool {
	if filepath.IsAbs(program) {
		_, err := os.Stat(program)
		return err != nil
	}
	_, err := exec.LookPath(program)
	return err != nil
}

func hasHugepages() bool {
	b, err := os.ReadFile("/proc/sys/vm/nr_hugepages")
	return err == nil && strings.TrimSpace(string(b)) != "0"
}

// moveFiles puts all that the spec names below dir, and makes it.
func moveFiles(t *testing.T, s *Spec, dir, kernel string) {
	t.Helper()
	s.Boot.Kernel, s.Boot.Initrd = kernel, kernel
	if s.Boot.StoreDisk != "" {
		s.Boot.StoreDisk = writeFile(t, dir, "store.erofs", 1<<20)
	}
	for name := range s.CredentialFiles {
		s.CredentialFiles[name] = writeFile(t, dir, "cred,"+name, 16)
	}
	for i := range s.Shares {
		s.Shares[i].Source = filepath.Join(dir, "src,"+s.Shares[i].Tag)
		if err := os.Mkdir(s.Shares[i].Source, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for i := range s.Volumes {
		v := &s.Volumes[i]
		v.Image = filepath.Join(dir, filepath.Base(v.Image))
		if !v.AutoCreate {
			createImage(t, v)
		}
		// The host's file system, often a tmpfs or an overlay, may not know it.
		v.Direct = false
	}
	if s.User != nil {
		s.User = ptr("nobody")
	}
}

// dropRustOptions leaves out what the C virtiofsd does not know.
func dropRustOptions(s *Spec, f Facts) {
	if !isCVirtiofsd(f.Tools["virtiofsd"].Version) {
		return
	}
	s.Virtiofsd.ExtraArgs = nil
	for i := range s.Shares {
		s.Shares[i].ExtraArgs = nil
	}
}

func writeFile(t *testing.T, dir, name string, size int) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func createImage(t *testing.T, v *Volume) {
	t.Helper()
	if missing("qemu-img") {
		t.Skip("this host has no qemu-img")
	}
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", qemuFormat(v.ImageType), v.Image, "8M").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// realFacts are this host's, emulated: no KVM is taken for granted.
func realFacts(t *testing.T, s *Spec) Facts {
	t.Helper()
	f, _, err := Gather(context.Background(), s, QEMU{}, HostOptions{Accel: "tcg", CacheDir: t.TempDir(), Self: os.Args[0]})
	if err != nil {
		t.Skipf("this host lacks a program: %v", err)
	}
	return f
}
