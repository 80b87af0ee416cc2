package runner

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// control is where QMP is spoken: the VM's own socket, and the supervisor's.
func (q *qemuCommand) control() {
	if q.s.Socket != nil {
		q.monitor("qmp", qemuOpt("socket").with("id", "qmp").
			with("path", q.rt.Path(*q.s.Socket)).with("server", "on").with("wait", "off"))
	}
	if q.rt.ControlFD > 0 {
		q.monitor("control", qemuOpt("socket").with("id", "control").
			with("fd", strconv.Itoa(q.rt.ControlFD)))
	}
}

func (q *qemuCommand) monitor(id string, chardev *qemuOpts) {
	q.opt("-chardev", chardev)
	q.opt("-mon", qemuKey("chardev", id).with("mode", "control"))
}

func (q *qemuCommand) console() {
	if !q.s.Graphics.Enable {
		q.add("-display", "none")
	}
	if q.s.QEMU.SerialConsole {
		q.add("-chardev", "stdio,id=stdio,signal=off", "-serial", "chardev:stdio")
	}
}

// basics are the devices that do not come from a list of the spec.
func (q *qemuCommand) basics() {
	if Arch(q.s.System) == "x86_64" && q.machine.microvm {
		// For Ctrl-Alt-Del; the other x86 machines have one.
		q.add("-device", "i8042")
	}
	q.add("-device", q.machine.device("virtio-rng"))
	if q.s.MachineID != nil && !q.machine.microvm {
		// QEMU's microvm machine has no SMBIOS and would ignore it.
		q.opt("-smbios", qemuKey("type", "1").with("uuid", *q.s.MachineID))
	}
	for _, name := range slices.Sorted(maps.Keys(q.s.CredentialFiles)) {
		q.opt("-fw_cfg", qemuKey("name", credentialPrefix+name).
			with("file", q.rt.Path(q.s.CredentialFiles[name])))
	}
	if q.s.Balloon {
		q.opt("-device", qemuOpt(q.machine.device("virtio-balloon")).with("id", "balloon0").
			with("free-page-reporting", "on").when(q.s.DeflateOnOOM, "deflate-on-oom", "on"))
	}
	if q.s.Vsock.CID != nil {
		q.opt("-device", qemuOpt(q.machine.device("vhost-vsock")).
			with("guest-cid", strconv.FormatInt(*q.s.Vsock.CID, 10)))
	}
}

// rootPorts come before the devices that are plugged into them.
func (q *qemuCommand) rootPorts() {
	for _, p := range q.s.QEMU.PCIERootPorts {
		o := qemuOpt("pcie-root-port").with("id", p.ID).given("bus", p.Bus)
		if p.Chassis != nil {
			o.with("chassis", strconv.Itoa(*p.Chassis))
		}
		q.opt("-device", o.given("slot", p.Slot).given("addr", p.Addr))
	}
}

func (q *qemuCommand) disks() {
	letter := 0
	if disk := q.s.Boot.StoreDisk; disk != "" {
		q.disk("store", qemuKey("id", "store").with("format", "raw").with("file", q.rt.Path(disk)).
			with("read-only", "on"), nil)
		letter = 1
	}
	for i, v := range q.s.Volumes {
		id := "vd" + DriveLetters(letter+i)
		q.disk(id, qemuKey("id", id).with("format", qemuFormat(v.ImageType)).with("file", q.rt.Path(v.Image)).
			with("discard", "unmap").with("read-only", onOff(v.ReadOnly)).
			when(v.Direct, "cache", "none").when(q.rt.Ephemeral && !v.ReadOnly, "snapshot", "on"), v.Serial)
	}
}

func (q *qemuCommand) disk(id string, drive *qemuOpts, serial *string) {
	aio := "threads"
	if q.rt.IOUring && q.rt.OS() == "linux" {
		aio = "io_uring"
	}
	q.opt("-drive", drive.with("if", "none").with("aio", aio))
	q.opt("-device", qemuOpt(q.machine.device("virtio-blk")).with("drive", id).
		when(q.machine.pci, "disable-legacy", "on").given("serial", serial))
}

// qemuFormat is QEMU's name for an image type.
func qemuFormat(imageType string) string {
	if imageType == "vhd" {
		return "vpc"
	}
	return imageType
}

// DriveLetters is what Linux calls the nth disk: a, b, … z, aa, ab, …
func DriveLetters(n int) string {
	if n < 26 {
		return string(rune('a' + n))
	}
	return DriveLetters(n/26-1) + string(rune('a'+n%26))
}

func (q *qemuCommand) shares() {
	for i, s := range q.s.Shares {
		id := fmt.Sprintf("fs%d", i)
		if s.Proto == "virtiofs" {
			q.opt("-chardev", qemuOpt("socket").with("id", id).with("path", q.rt.Path(*s.Socket)))
			q.opt("-device", qemuOpt(q.machine.device("vhost-user-fs")).with("chardev", id).with("tag", s.Tag))
			continue
		}
		q.opt("-fsdev", qemuOpt("local").with("id", id).with("path", q.rt.Path(s.Source)).
			with("security_model", s.SecurityModel).with("multidevs", "remap").
			when(s.ReadOnly, "readonly", "on"))
		q.opt("-device", qemuOpt(q.machine.device("virtio-9p")).with("fsdev", id).with("mount_tag", s.Tag))
	}
}

func (q *qemuCommand) passthrough() {
	if q.machine.pci && (q.passesUSB() || q.s.Graphics.Enable) {
		// Without PCI the microvm machine brings its own controller.
		q.add("-device", "qemu-xhci")
	}
	for _, d := range q.s.Devices {
		if d.Bus == "usb" {
			q.opt("-device", qemuOpt("usb-host").raw(d.Path))
			continue
		}
		o := qemuOpt("vfio-pci").with("host", d.Path).with("multifunction", "on").
			given("id", d.QEMU.ID).given("bus", d.QEMU.Bus)
		if d.QEMU.DeviceExtraArgs != nil {
			o.raw(*d.QEMU.DeviceExtraArgs)
		}
		q.opt("-device", o)
	}
}

func (q *qemuCommand) passesUSB() bool {
	return slices.ContainsFunc(q.s.Devices, func(d Device) bool { return d.Bus == "usb" })
}

func (q *qemuCommand) graphics() {
	g := q.s.Graphics
	if !g.Enable {
		return
	}
	switch q.display() {
	case "cocoa":
		q.add("-display", "cocoa", "-device", "virtio-gpu")
	case "headless":
		q.add("-display", "egl-headless")
		q.opt("-device", q.gpu("virtio-gpu-gl"))
	default:
		q.add("-display", "gtk,gl=on")
		q.opt("-device", q.gpu("virtio-vga-gl"))
	}
	q.add("-device", "usb-tablet", "-device", "usb-kbd")
}

// display is the guest's wish, except that the host decides which toolkit makes
// a window.
func (q *qemuCommand) display() string {
	wish, toolkit := q.s.Graphics.Backend, "gtk"
	if q.rt.OS() == "darwin" {
		toolkit = "cocoa"
	}
	if wish == "headless" || wish == toolkit {
		return wish
	}
	q.note("graphics.backend: the guest asks for %q, the host's windows are made by %q", wish, toolkit)
	return toolkit
}

func (q *qemuCommand) gpu(device string) *qemuOpts {
	o := qemuOpt(device)
	if v := q.s.Graphics.Vulkan; v != nil {
		o.with("blob", "true").with("hostmem", q.s.Graphics.HostMem).with(*v, "on")
	}
	return o
}
