package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The budgets of DESIGN.md §9, each as a ratio measured in one run: both sides
// are timed in turns, so that a busy machine slows both.

// benchBinary is the program as it is shipped, not as it is tested.
func benchBinary(b *testing.B) string {
	b.Helper()
	path := os.Getenv("MICROVM_BENCH_BINARY")
	if path == "" {
		b.Skip("$MICROVM_BENCH_BINARY names no microvm to measure; `make bench` does")
	}
	return path
}

// beside times two commands in turns and reports the mean of each, and ours in
// relation to the other.
func beside(b *testing.B, ours, other func() *exec.Cmd) {
	b.Helper()
	var our, their time.Duration
	for range b.N {
		our += timed(b, ours())
		their += timed(b, other())
	}
	b.ReportMetric(milliseconds(our)/float64(b.N), "ms/ours")
	b.ReportMetric(milliseconds(their)/float64(b.N), "ms/other")
	b.ReportMetric(float64(our)/float64(their), "ours/other")
	b.ReportMetric(0, "ns/op")
}

func timed(b *testing.B, cmd *exec.Cmd) time.Duration {
	b.Helper()
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return time.Since(begin)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// BenchmarkVersion: 15 ms, beside `true`.
func BenchmarkVersion(b *testing.B) {
	bin := benchBinary(b)
	beside(b,
		func() *exec.Cmd { return exec.Command(bin, "--version") },
		func() *exec.Cmd { return exec.Command("true") })
}

// BenchmarkUnchangedFlake: 100 ms from an unchanged flake to the hypervisor, and
// 3 times faster than `nix run` of the same runner. The hypervisor is one that
// ends at once.
func BenchmarkUnchangedFlake(b *testing.B) {
	bin, dir := benchBinary(b), b.TempDir()
	if hostTool("nix") == "" {
		b.Skip("this host has no nix")
	}
	repo, err := filepath.Abs("../..")
	if err != nil {
		b.Fatal(err)
	}
	write := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			b.Fatal(err)
		}
	}
	for _, sub := range []string{"flake", "bin", "home"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			b.Fatal(err)
		}
	}
	write("flake/kernel", "not run", 0o600)
	write("flake/flake.nix", `{
  inputs.microvm.url = "github:microvm-go/microvm";
  outputs = { self, microvm }: rec {
    nixosConfigurations.one = microvm.lib.plainGuest { name = "one"; system = "x86_64-linux"; kernel = ./kernel; };
    packages.x86_64-linux.one = nixosConfigurations.one.config.microvm.declaredRunner;
  };
}`, 0o600)
	write("bin/qemu-system-x86_64", "#!/bin/sh\n[ \"$1\" = --version ] && echo QEMU emulator version 10.0.0\nexit 0\n", 0o700)
	if err := os.Symlink(bin, filepath.Join(dir, "bin", "microvm")); err != nil {
		b.Fatal(err)
	}
	flake := "path:" + filepath.Join(dir, "flake") + "#one"
	command := func(args ...string) func() *exec.Cmd {
		return func() *exec.Cmd {
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "HOME="+filepath.Join(dir, "home"), "XDG_RUNTIME_DIR="+dir,
				"PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
			return cmd
		}
	}
	input := "git+file://" + repo
	ours := command(bin, "run", "--accel", "tcg", "--override-input", "microvm", input, flake)
	nix := command("nix", "--extra-experimental-features", "nix-command flakes", "run", "--override-input", "microvm", input, flake, "--", "--accel", "tcg")
	for range 2 {
		timed(b, ours())
		timed(b, nix())
	}
	// What changed a moment ago is not trusted yet.
	time.Sleep(3 * time.Second)
	timed(b, ours())
	b.ResetTimer()
	beside(b, ours, nix)
}

// BenchmarkSupervisor: 15 MiB and no CPU time for a VM that idles.
func BenchmarkSupervisor(b *testing.B) {
	if why := whyNoGuests(); why != "" {
		b.Skip(why)
	}
	dir := b.TempDir()
	spec := fmt.Sprintf(`{"version":1,"name":"idle","system":"x86_64-linux","boot":{"kernel":%q,"initrd":%q,"kernelParams":["quiet","microvm.test.action=wait"]}}`,
		testKernel(), os.Getenv("MICROVM_TEST_INITRD"))
	file := filepath.Join(dir, "spec.json")
	if err := os.WriteFile(file, []byte(spec), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(benchBinary(b), "run", file, "--dir", dir)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	waitFor(b, out, "guest: waiting")
	const idle = 5 * time.Second
	before := cpuTicks(b, cmd.Process.Pid)
	time.Sleep(idle)
	ticks := cpuTicks(b, cmd.Process.Pid) - before
	b.ReportMetric(residentMiB(b, cmd.Process.Pid), "MiB")
	b.ReportMetric(float64(ticks)/idle.Seconds(), "%cpu") // a tick is 10 ms
	b.ReportMetric(0, "ns/op")
	_ = cmd.Process.Signal(os.Interrupt)
	go func() { _, _ = out.Read(make([]byte, 1<<20)) }()
	if err := cmd.Wait(); err != nil {
		b.Error(err)
	}
}

func waitFor(b *testing.B, r interface{ Read([]byte) (int, error) }, text string) {
	b.Helper()
	var seen strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(seen.String(), text) {
		n, err := r.Read(buf)
		seen.Write(buf[:n])
		if err != nil {
			b.Fatalf("no %q in %q: %v", text, seen.String(), err)
		}
	}
}

func residentMiB(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	kib, err := strconv.Atoi(string(m[1]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(kib) / 1024
}

func cpuTicks(b *testing.B, pid int) int {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	sum := 0
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		sum += n
	}
	return sum
}
