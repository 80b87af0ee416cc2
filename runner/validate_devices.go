package runner

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	// pciPattern allows the long domains that VMD controllers have.
	pciPattern = regexp.MustCompile(`^([0-9A-Fa-f]{4,8}:)?[0-9A-Fa-f]{2}:[01][0-9A-Fa-f]\.[0-7]$`)
	// usbPattern is a list of QEMU's properties.
	usbPattern = regexp.MustCompile(`^[a-z][a-z0-9_-]*=[A-Za-z0-9/:._-]+(,[a-z][a-z0-9_-]*=[A-Za-z0-9/:._-]+)*$`)
	// qemuIDPattern is QEMU's rule for the names of its objects.
	qemuIDPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)
	// credentialPattern is systemd's rule: a file name and a descriptor's name.
	credentialPattern = regexp.MustCompile(`^[ -.0-9;-~]{1,255}$`)
	fileNamePattern   = regexp.MustCompile(`^[A-Za-z0-9._+][A-Za-z0-9._+-]{0,254}$`)
)

func (s *Spec) checkDevices(p *problems) {
	paths, ids := owners{}, owners{}
	for i, port := range s.QEMU.PCIERootPorts {
		checkQEMUID(p, ids, index("qemu.pcieRootPorts", i)+".id", port.ID)
	}
	for i, d := range s.Devices {
		field := index("devices", i)
		d.checkPath(p, field+".path")
		if d.Path != "" {
			paths.claim(p, field+".path", d.Bus+" "+d.canonicalPath(), d.Path)
		}
		if d.QEMU.ID != nil {
			checkQEMUID(p, ids, field+".qemu.id", *d.QEMU.ID)
		}
	}
}

func checkQEMUID(p *problems, ids owners, field, id string) {
	p.unless(qemuIDPattern.MatchString(id), field,
		"%q is not an id: use a letter, then letters, digits, . _ -", id)
	if id != "" {
		ids.claim(p, field, id, id)
	}
}

func (d *Device) checkPath(p *problems, field string) {
	switch d.Bus {
	case "pci":
		p.unless(pciPattern.MatchString(d.Path), field,
			`%q is not a PCI address: use DOMAIN:BUS:SLOT.FUNCTION, such as "0000:01:00.0"`, d.Path)
	case "usb":
		p.unless(usbPattern.MatchString(d.Path), field,
			`%q does not name a USB device: use QEMU's properties, such as "vendorid=0xabcd,productid=0x0123"`, d.Path)
	}
}

// canonicalPath is the same for the two ways to write a PCI address.
func (d *Device) canonicalPath() string {
	if d.Bus != "pci" {
		return d.Path
	}
	address := strings.ToLower(d.Path)
	if strings.Count(address, ":") == 1 {
		return "0000:" + address
	}
	return address
}

func (s *Spec) checkVsock(p *problems) {
	const field, lowest, highest = "vsock.cid", 3, 1<<32 - 2
	if s.Vsock.CID == nil {
		p.unless(!s.Vsock.SSH.Enable, "vsock.ssh.enable", "needs vsock.cid: set it to a number that no other VM has")
		return
	}
	reserved := map[int64]string{0: "the hypervisor", 1: "the local machine", 2: "the host", 1<<32 - 1: "any address"}
	if owner, ok := reserved[*s.Vsock.CID]; ok {
		p.add(field, "%d means %s, want %d to %d", *s.Vsock.CID, owner, lowest, int64(highest))
		return
	}
	p.between(field, *s.Vsock.CID, lowest, highest)
}

// checkFiles looks at the files of the host that the spec names.
func (s *Spec) checkFiles(p *problems) {
	for _, name := range slices.Sorted(maps.Keys(s.Tools)) {
		field := member("tools", name)
		p.unless(fileNamePattern.MatchString(name), field, "%q is not the name of a program", name)
		p.unless(path.IsAbs(s.Tools[name]), field, "%q is not an absolute path", s.Tools[name])
	}
	for _, name := range slices.Sorted(maps.Keys(s.CredentialFiles)) {
		field := member("credentialFiles", name)
		p.unless(credentialPattern.MatchString(name) && name != "." && name != "..", field,
			`%q is not the name of a credential: use 1 to 255 printable ASCII characters without "/" and ":"`, name)
		p.unless(path.IsAbs(s.CredentialFiles[name]), field, "%q is not an absolute path", s.CredentialFiles[name])
	}
}

// ownScripts are the files of a runner's bin/ that users cannot replace. They
// can extend the others, tap-up for one, as microvm.nix documents.
var ownScripts = []string{
	"microvm-run", "microvm-shutdown", "microvm-balloon", "microvm-register", "microvm-unregister",
}

func (s *Spec) checkBinScripts(p *problems) {
	for _, name := range slices.Sorted(maps.Keys(s.BinScripts)) {
		field := member("binScripts", name)
		p.unless(fileNamePattern.MatchString(name) && name != "." && name != "..", field,
			"%q is not the name of a script: use letters, digits, . _ + -", name)
		p.unless(!slices.Contains(ownScripts, name), field,
			"%q is the runner's own: choose a name other than %s", name, strings.Join(ownScripts, ", "))
	}
}
