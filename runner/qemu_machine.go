package runner

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// qemuMachine is what the machine model decides for everything else.
type qemuMachine struct {
	// name is the model without options.
	name string
	// microvm is QEMU's machine of that name: virtio-mmio, no SMBIOS.
	microvm bool
	// pci is whether devices hang on PCI rather than virtio-mmio.
	pci bool
}

func machineOf(s *Spec) qemuMachine {
	name, _, _ := strings.Cut(s.QEMU.Machine, ",")
	m := qemuMachine{name: name, microvm: name == "microvm"}
	m.pci = !m.microvm || s.Graphics.Enable || len(s.Shares) > 0 ||
		slices.ContainsFunc(s.Devices, func(d Device) bool { return d.Bus == "pci" })
	return m
}

// device is the name of a virtio device on this machine's bus.
func (m qemuMachine) device(virtio string) string {
	if m.pci {
		return virtio + "-pci"
	}
	return virtio + "-device"
}

func (q *qemuCommand) base() {
	q.add("-name", q.s.Name)
	q.add("-M", q.machineOpts())
	if q.machine.microvm {
		// Its other firmware, SeaBIOS, is the default of many builds. It crashes
		// kernels under TCG, and puts its ACPI tables over the end of the initrd.
		q.add("-bios", "qboot.rom")
	}
	q.add("-nodefaults", "-no-user-config", "-no-reboot")
}

// machineOpts are the model's options; the accelerator is the host's to choose.
func (q *qemuCommand) machineOpts() string {
	opts := map[string]string{}
	if q.s.QEMU.MachineOpts != nil {
		maps.Copy(opts, q.s.QEMU.MachineOpts)
	} else {
		maps.Copy(opts, q.defaultMachineOpts())
	}
	if a, ok := opts["accel"]; ok && a != q.rt.Accel.Kind {
		q.note("the guest asks for accelerator %q, the host uses %q", a, q.rt.Accel.Kind)
	}
	opts["accel"] = q.rt.Accel.Kind
	o := qemuOpt(q.s.QEMU.Machine)
	for _, k := range slices.Sorted(maps.Keys(opts)) {
		o.with(k, opts[k])
	}
	return o.String()
}

func (q *qemuCommand) defaultMachineOpts() map[string]string {
	if Arch(q.s.System) == "aarch64" {
		if q.rt.OS() == "darwin" {
			return nil
		}
		return map[string]string{"gic-version": "max"}
	}
	opts := map[string]string{"acpi": "on"}
	if q.rt.OS() == "linux" {
		opts["mem-merge"] = "on"
	}
	if q.machine.microvm {
		// Without KVM's clock, which neither TCG nor HVF has, the guest measures
		// its TSC against the PIT.
		timers := onOff(q.rt.Accel.Kind != "kvm")
		opts["pit"], opts["pic"] = timers, timers
		opts["rtc"] = "on"
		opts["pcie"] = onOff(q.machine.pci)
		opts["usb"] = onOff(q.passesUSB() && !q.machine.pci)
	}
	return opts
}

func (q *qemuCommand) cpu() {
	model := "host"
	switch {
	case q.s.CPU != nil:
		model = *q.s.CPU
	case q.rt.Accel.Kind == "tcg":
		model = "max"
	case Arch(q.s.System) == "x86_64" && q.rt.Accel.Kind == "kvm":
		// SGX crashes QEMU's microvm machine (QEMU issue 2142).
		model = "host,+x2apic,-sgx"
	}
	q.add("-cpu", model, "-smp", strconv.Itoa(q.s.VCPU))
}

func (q *qemuCommand) memory() {
	mem := q.s.Mem
	if mem == 2048 && q.machine.microvm && q.machine.pci {
		// QEMU's microvm machine with PCI hangs at exactly 2 GiB.
		mem = 2047
		q.note("mem: %d MiB instead of 2048, with which QEMU's microvm machine hangs", mem)
	}
	size := fmt.Sprintf("%dM", mem)
	m := qemuOpt(size)
	if q.s.HotplugMem > 0 {
		m.with("maxmem", fmt.Sprintf("%dM", mem+q.s.HotplugMem))
	}
	q.opt("-m", m)
	if q.needsSharedMemory() || q.s.HugepageMem {
		q.opt("-object", qemuOpt("memory-backend-memfd").with("id", "mem").with("size", size).
			with("share", "on").when(q.s.HugepageMem, "hugetlb", "on"))
		q.opt("-numa", qemuOpt("node").with("memdev", "mem"))
	}
	if q.s.HotplugMem > 0 {
		q.opt("-object", qemuOpt("memory-backend-ram").with("id", "vmem0").
			with("size", fmt.Sprintf("%dM", q.s.HotplugMem)))
		q.opt("-device", qemuOpt("virtio-mem-pci").with("id", "vm0").with("memdev", "vmem0").
			with("requested-size", fmt.Sprintf("%dM", q.s.HotpluggedMem)))
	}
}

// needsSharedMemory is true if another process reads the guest's memory.
func (q *qemuCommand) needsSharedMemory() bool {
	return slices.ContainsFunc(q.s.Shares, func(s Share) bool { return s.Proto == "virtiofs" })
}

func (q *qemuCommand) boot() {
	q.add("-kernel", q.rt.Path(q.s.Boot.Kernel))
	if q.s.Boot.Initrd != "" {
		q.add("-initrd", q.rt.Path(q.s.Boot.Initrd))
	}
	q.add("-append", strings.Join(q.kernelParams(), " "))
}

func (q *qemuCommand) kernelParams() []string {
	var p []string
	switch {
	case !q.s.QEMU.SerialConsole:
	case Arch(q.s.System) == "x86_64":
		p = append(p, "earlyprintk=ttyS0", "console=ttyS0")
	default:
		p = append(p, "console=ttyAMA0")
	}
	p = append(p, "reboot=t", "panic=-1")
	if q.machine.microvm && q.rt.Accel.Kind == "tcg" && q.rt.TSCkHz > 0 {
		// Even with pit and pic, calibration fails now and then under TCG,
		// and the kernel stops without a clock source.
		p = append(p, fmt.Sprintf("tsc_early_khz=%d", q.rt.TSCkHz))
	}
	return append(p, q.s.Boot.KernelParams...)
}

// confine gives QEMU no more than it needs once it runs.
func (q *qemuCommand) confine() {
	v := q.rt.Tools["qemu"].Version
	switchUser := q.s.User != nil && q.rt.Root()
	if switchUser {
		u := *q.s.User
		if v.AtLeast(9, 1) {
			q.opt("-run-with", qemuKey("user", u))
		} else {
			q.add("-runas", u)
		}
	}
	if q.rt.OS() != "linux" {
		return
	}
	o := qemuOpt("on").with("obsolete", "deny")
	o.when(!switchUser, "elevateprivileges", "deny")
	o.when(!q.spawns(), "spawn", "deny")
	o.with("resourcecontrol", "deny")
	q.opt("-sandbox", o)
}
