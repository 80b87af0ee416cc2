package darwin

import (
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"

	"microvm/runner"
)

// rosettaTag is the tag that NixOS's virtualisation.rosetta mounts.
const rosettaTag = "rosetta"

// sshPort is where sshd listens, on vsock as on TCP.
const sshPort = "22"

func (c *vfkitCommand) machine() {
	c.add("--cpus", strconv.Itoa(c.s.VCPU), "--memory", strconv.Itoa(c.s.Mem))
	if level := c.s.Vfkit.LogLevel; level != nil {
		c.add("--log-level", *level)
	}
}

// boot uses the older flags, which every vfkit has: they take values as they
// are, while --bootloader splits its own at commas and loses quotes.
func (c *vfkitCommand) boot() {
	c.add("--kernel", c.rt.Path(c.s.Boot.Kernel))
	c.add("--initrd", c.rt.Path(c.s.Boot.Initrd))
	params := []string{"console=hvc0", "reboot=t", "panic=-1"}
	if c.s.Graphics.Enable {
		// The last console is the one that init writes to.
		params = append([]string{"console=tty0"}, params...)
	}
	c.add("--kernel-cmdline", strings.Join(append(params, c.s.Boot.KernelParams...), " "))
}

// device adds a device. vfkit splits the options at every comma, and nothing
// keeps one from separating.
func (c *vfkitCommand) device(field string, options ...string) {
	for _, o := range options {
		c.refuse(strings.Contains(o, ","), "%s: %q has a comma, which vfkit takes for the end of an option", field, o)
	}
	c.add("--device", strings.Join(options, ","))
}

func (c *vfkitCommand) console() { c.device("console", "virtio-serial", "stdio") }

// basics are the devices that do not come from a list of the spec.
func (c *vfkitCommand) basics() {
	c.device("rng", "virtio-rng")
	if c.s.Balloon {
		c.device("balloon", "virtio-balloon")
		c.note(true, "balloon: vfkit cannot change its size while the guest runs")
	}
}

func (c *vfkitCommand) disks() {
	if disk := c.s.Boot.StoreDisk; disk != "" {
		c.disk("boot.storeDisk", disk, "readonly")
	}
	for i, v := range c.s.Volumes {
		field := fmt.Sprintf("volumes[%d]", i)
		var options []string
		if v.ReadOnly {
			options = append(options, "readonly")
		}
		if v.Serial != nil {
			options = append(options, "deviceId="+*v.Serial)
		}
		c.disk(field, v.Image, options...)
		c.refuse(c.rt.Ephemeral && !v.ReadOnly, "%s: vfkit cannot discard what the guest writes: run it without --ephemeral, or with qemu", field)
	}
}

// disk adds an image or, below /dev, a disk of the host.
func (c *vfkitCommand) disk(field, image string, options ...string) {
	file := c.rt.Path(image)
	options = append([]string{"virtio-blk", "path=" + file}, options...)
	if strings.HasPrefix(path.Clean(file), "/dev/") {
		c.refuse(c.olderThan(deviceVersion), "%s: %q is a device, which vfkit %s cannot pass: %s is the first that can", field, file, c.version, deviceVersion)
		options = append(options, "type=dev")
	}
	c.device(field, options...)
}

func (c *vfkitCommand) shares() {
	ignored := len(c.s.Virtiofsd.ExtraArgs) > 0
	for i, sh := range c.s.Shares {
		c.device(fmt.Sprintf("shares[%d]", i), "virtio-fs", "sharedDir="+c.rt.Path(sh.Source), "mountTag="+sh.Tag)
		ignored = ignored || len(sh.ExtraArgs) > 0
	}
	c.note(ignored && len(c.s.Shares) > 0, "shares: vfkit shares directories itself, so that virtiofsd's arguments have no effect")
	c.rosetta()
}

func (c *vfkitCommand) rosetta() {
	r := c.s.Vfkit.Rosetta
	if !r.Enable {
		return
	}
	options := []string{"rosetta", "mountTag=" + rosettaTag}
	if r.Install {
		options = append(options, "install")
	}
	if r.IgnoreIfMissing {
		options = append(options, "ignore-if-missing")
	}
	c.device("vfkit.rosetta", options...)
	c.note(r.IgnoreIfMissing && !r.Install, "vfkit.rosetta.ignoreIfMissing: vfkit heeds it only if vfkit.rosetta.install is set too")
}

func (c *vfkitCommand) network() {
	for i, in := range c.s.Interfaces {
		c.device(fmt.Sprintf("interfaces[%d]", i), "virtio-net", "nat", "mac="+in.MAC)
	}
}

// sshSocket is where the host reaches the guest's sshd.
func sshSocket(s *runner.Spec) string { return s.Name + "-vsock-" + sshPort + ".sock" }

// vsock adds the device, and a socket of the host for each port that is reached
// from there.
func (c *vfkitCommand) vsock() {
	cid := c.s.Vsock.CID
	if cid == nil {
		return
	}
	c.note(true, "vsock.cid: macOS has no addresses for vsock, so that %d has no effect", *cid)
	if !c.s.Vsock.SSH.Enable {
		c.device("vsock", "virtio-vsock")
		return
	}
	socket := c.rt.Path(sshSocket(c.s))
	// vfkit takes the path for a URL's, and listens at its escaped form.
	escaped := (&url.URL{Path: socket}).EscapedPath()
	c.refuse(escaped != socket, "vsock.ssh: vfkit would listen at %q instead of %q: use a directory without such characters", escaped, socket)
	longest := runner.MaxSocketPath("darwin")
	c.refuse(len(socket) > longest, "vsock.ssh: %q has %d bytes, but the path of a socket has at most %d: use a shorter directory", socket, len(socket), longest)
	c.device("vsock.ssh", "virtio-vsock", "port="+sshPort, "socketURL="+socket, "connect")
	c.note(true, "vsock.ssh: the guest's sshd answers at %s", socket)
}

func (c *vfkitCommand) graphics() {
	g := c.s.Graphics
	if !g.Enable {
		return
	}
	c.device("graphics", "virtio-gpu")
	c.device("graphics", "virtio-input", "keyboard")
	c.device("graphics", "virtio-input", "pointing")
	if g.Backend != "headless" {
		c.add("--gui")
	}
}

// control is the REST service. Its address is a URL, whose escapes vfkit undoes.
func (c *vfkitCommand) control() {
	if c.s.Socket == nil {
		return
	}
	socket := url.URL{Scheme: "unix", Path: path.Clean(c.rt.Path(*c.s.Socket))}
	c.add("--restful-uri", socket.String())
}
