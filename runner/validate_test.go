package runner

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Sections that rules about something else need.
const (
	userNet  = `"interfaces": [{"type": "user", "id": "net0"}]`
	netA     = `"type": "tap", "id": "a", "mac": "02:00:00:00:00:0a"`
	netB     = `"type": "tap", "id": "b", "mac": "02:00:00:00:00:0b"`
	volumeA  = `{"image": "a.img", "size": 1}`
	virtiofs = `"tag": "t", "source": "/s", "proto": "virtiofs"`
)

func list(name string, elements ...string) string {
	return fmt.Sprintf("%q: [%s]", name, strings.Join(elements, ", "))
}

func forwards(ports ...string) string { return userNet + ", " + list("forwardPorts", ports...) }

func TestValidateReports(t *testing.T) {
	long := strings.Repeat("x", 300)
	tests := []struct{ fields, want string }{
		{`"machineId": "1234"`, `machineId: "1234" is not a UUID: use 8-4-4-4-12 hexadecimal digits, or null`},
		{`"hypervisor": "qmeu"`, `hypervisor: "qmeu" is not one of qemu, cloud-hypervisor, firecracker, crosvm, kvmtool, stratovirt, alioth, vfkit, did you mean "qemu"?`},

		{`"vcpu": 0`, `vcpu: 0 is out of range, want 1 to 4096`},
		{`"vcpu": 4097`, `vcpu: 4097 is out of range, want 1 to 4096`},
		{`"mem": 0`, `mem: 0 is out of range, want 1 to 67108864`},
		{`"mem": -1`, `mem: -1 is out of range, want 1 to 67108864`},
		{`"mem": 67108865`, `mem: 67108865 is out of range, want 1 to 67108864`},
		{`"hotplugMem": -1`, `hotplugMem: -1 is out of range, want 0 to 67108864`},
		{`"hotplugMem": 64, "hotpluggedMem": 65`, `hotpluggedMem: 65 MiB is not within hotplugMem, 64 MiB`},
		{`"hotpluggedMem": -1`, `hotpluggedMem: -1 MiB is not within hotplugMem, 0 MiB`},
		{`"balloon": true, "initialBalloonMem": 513`, `initialBalloonMem: 513 MiB is not within mem, 512 MiB`},
		{`"cpu": ""`, `cpu: is empty: name a CPU model, or use null for the host's`},
		{`"user": "a b"`, `user: "a b" is not the name of an account: use letters, digits, . _ -, or null`},
		{`"virtiofsd": {"group": "-g"}`, `virtiofsd.group: "-g" is not the name of an account: use letters, digits, . _ -, or null`},
		{`"virtiofsd": {"inodeFileHandles": "maybe"}`, `virtiofsd.inodeFileHandles: "maybe" is not one of never, prefer, mandatory`},
		{`"socket": ""`, `socket: is empty: leave it out for the default`},
		{`"socket": "../web.sock"`, `socket: "../web.sock" leaves the VM's directory: use an absolute path`},
		{`"graphics": {"enable": true, "socket": "./web.sock"}`, `graphics.socket: "./web.sock" is used twice, already by socket`},
		{`"graphics": {"enable": true, "vulkan": "venus", "hostmem": "256"}`, `graphics.hostmem: "256" is not a size: use a number with the unit M or G, such as "256M"`},
		{`"graphics": {"backend": "sdl"}`, `graphics.backend: "sdl" is not one of gtk, cocoa, headless`},
		{`"graphics": {"vulkan": "zink"}`, `graphics.vulkan: "zink" is not one of venus, drm_native_context`},

		{`"volumes": [{"size": 1}]`, `volumes[0].image: is missing: give the path of the image`},
		{`"volumes": [{"image": "a/../../b.img", "size": 1}]`, `volumes[0].image: "a/../../b.img" leaves the VM's directory: use an absolute path`},
		{list("volumes", volumeA, `{"image": "./a.img", "size": 1}`), `volumes[1].image: "./a.img" is used twice, already by volumes[0].image`},
		{`"volumes": [{"image": "a", "size": 1, "serial": ""}]`, `volumes[0].serial: "" is not a serial number: use 1 to 20 printable bytes, or null`},
		{`"volumes": [{"image": "a", "size": 1, "serial": "123456789012345678901"}]`, `volumes[0].serial: "123456789012345678901" is not a serial number: use 1 to 20 printable bytes, or null`},
		{`"volumes": [{"image": "a", "size": 1, "serial": "s"}, {"image": "b", "size": 1, "serial": "s"}]`, `volumes[1].serial: "s" is used twice, already by volumes[0].serial`},
		{`"volumes": [{"image": "a", "size": 1, "label": "l"}, {"image": "b", "size": 1, "label": "l"}]`, `volumes[1].label: "l" is used twice, already by volumes[0].label`},
		{`"volumes": [{"image": "a", "size": 1, "label": "a/b"}]`, `volumes[0].label: "a/b" is not a label: use printable characters without "/", or null`},
		{`"volumes": [{"image": "a", "size": 1, "label": "12345678901234567"}]`, `volumes[0].label: "12345678901234567" has 17 bytes, but a label of ext4 has at most 16`},
		{`"volumes": [{"image": "a", "size": 1, "label": "1234567890123", "fsType": "xfs"}]`, `volumes[0].label: "1234567890123" has 13 bytes, but a label of xfs has at most 12`},
		{`"volumes": [{"image": "a", "size": 1, "label": "123456789012", "fsType": "vfat"}]`, `volumes[0].label: "123456789012" has 12 bytes, but a label of vfat has at most 11`},
		{`"volumes": [{"image": "a"}]`, `volumes[0].size: 0 MiB cannot be created: give a size, or autoCreate = false`},
		{`"volumes": [{"image": "a", "size": 1, "fsType": "zfs"}]`, `volumes[0].fsType: "zfs" cannot be created: use one of btrfs, ext2, ext3, ext4, vfat, xfs, or autoCreate = false`},
		{`"volumes": [{"image": "a", "size": 1, "imageType": "qcow"}]`, `volumes[0].imageType: "qcow" is not one of raw, qcow2, vhd, vhdx, did you mean "qcow2"?`},
		{`"volumes": [{"image": "a", "size": 1, "mountPoint": "var"}]`, `volumes[0].mountPoint: "var" is not an absolute path in its shortest form: use "/var"`},
		{`"volumes": [{"image": "a", "size": 1, "mountPoint": "/var/"}]`, `volumes[0].mountPoint: "/var/" is not an absolute path in its shortest form: use "/var"`},
		{`"volumes": [{"image": "a", "size": 1, "mountPoint": "/v"}], "shares": [{"tag": "t", "source": "/s", "mountPoint": "/v"}]`, `shares[0].mountPoint: "/v" is used twice, already by volumes[0].mountPoint`},

		{`"shares": [{"source": "/s"}]`, `shares[0].tag: "" is not a tag: use printable characters without "/"`},
		{`"shares": [{"tag": "..", "source": "/s"}]`, `shares[0].tag: ".." is not a tag: use printable characters without "/"`},
		{`"shares": [{"tag": "a/b", "source": "/s"}]`, `shares[0].tag: "a/b" is not a tag: use printable characters without "/"`},
		{`"shares": [{"tag": "12345678901234567890123456789012", "source": "/s"}]`, `shares[0].tag: "12345678901234567890123456789012" has 32 bytes, but a tag of 9p has at most 31`},
		{`"shares": [{"tag": "1234567890123456789012345678901234567", "source": "/s", "proto": "virtiofs"}]`, `shares[0].tag: "1234567890123456789012345678901234567" has 37 bytes, but a tag of virtiofs has at most 36`},
		{`"shares": [{"tag": "t", "source": "/a"}, {"tag": "t", "source": "/b"}]`, `shares[1].tag: "t" is used twice, already by shares[0].tag`},
		{`"shares": [{"tag": "t", "source": "/a", "proto": "virtiofs"}, {"tag": "t", "source": "/b", "proto": "virtiofs"}]`, `shares[1].tag: "t" is used twice, already by shares[0].tag`},
		{`"shares": [{"tag": "t"}]`, `shares[0].source: is missing: give the directory to share`},
		{`"shares": [{"tag": "t", "source": "../s"}]`, `shares[0].source: "../s" leaves the VM's directory: use an absolute path`},
		{`"shares": [{"tag": "a", "source": "/nix/store"}, {"tag": "b", "source": "/nix/store/"}]`, `shares[1].source: "/nix/store/" is used twice, already by shares[0].source`},
		{`"shares": [{"tag": "t", "source": "/s", "mountPoint": "s"}]`, `shares[0].mountPoint: "s" is not an absolute path in its shortest form: use "/s"`},
		{`"shares": [{"tag": "t", "source": "/s", "proto": "nfs"}]`, `shares[0].proto: "nfs" is not one of 9p, virtiofs`},
		{`"shares": [{"tag": "t", "source": "/s", "securityModel": "mapped-xattr"}]`, `shares[0].securityModel: "mapped-xattr" is not one of passthrough, none, mapped, mapped-file, did you mean "mapped-file"?`},
		{`"shares": [{"tag": "t", "source": "/s", "cache": ""}]`, `shares[0].cache: "" is not one of auto, always, metadata, never`},
		{`"shares": [{` + virtiofs + `, "socket": null}]`, `shares[0].socket: is null, but virtiofs needs one: leave it out for the default`},
		{`"shares": [{` + virtiofs + `, "socket": "web.sock"}]`, `shares[0].socket: "web.sock" is used twice, already by socket`},
		{`"shares": [{` + virtiofs + `, "extraArgs": ["--translate-uid=map:0:1:1"]}]`, `shares[0].posixAcl: conflicts with virtiofsd's argument "--translate-uid=map:0:1:1": set posixAcl = false`},
		{`"shares": [{` + virtiofs + `}], "virtiofsd": {"extraArgs": ["--translate-gid=squash-host:0:1:1"]}`, `shares[0].posixAcl: conflicts with virtiofsd's argument "--translate-gid=squash-host:0:1:1": set posixAcl = false`},

		{list("interfaces", `{"type": "tap"}`), `interfaces[0].id: "" is not an interface name: use 1 to 15 characters without "/", ":", "%" and spaces`},
		{list("interfaces", `{"type": "tap", "id": "1234567890123456"}`), `interfaces[0].id: "1234567890123456" is not an interface name: use 1 to 15 characters without "/", ":", "%" and spaces`},
		{list("interfaces", `{"type": "tap", "id": "tap%d"}`), `interfaces[0].id: "tap%d" is not an interface name: use 1 to 15 characters without "/", ":", "%" and spaces`},
		{list("interfaces", `{"type": "tap", "id": ".."}`), `interfaces[0].id: ".." is not an interface name: use 1 to 15 characters without "/", ":", "%" and spaces`},
		{list("interfaces", `{`+netA+`}`, `{"type": "tap", "id": "a"}`), `interfaces[1].id: "a" is used twice, already by interfaces[0].id`},
		{list("interfaces", `{`+netA+`}`, `{"type": "tap", "id": "b", "mac": "02:00:00:00:00:0A"}`), `interfaces[1].mac: "02:00:00:00:00:0A" is used twice, already by interfaces[0].mac`},
		{list("interfaces", `{"type": "tap", "id": "a", "mac": "02-00-00-00-00-01"}`), `interfaces[0].mac: "02-00-00-00-00-01" is not a MAC address: use six pairs of hexadecimal digits, such as "02:00:00:00:00:01"`},
		{list("interfaces", `{"type": "tap", "id": "a", "mac": "01:00:5e:00:00:01"}`), `interfaces[0].mac: "01:00:5e:00:00:01" is a multicast address: use one whose first byte is even, such as "02:00:5e:00:00:01"`},
		{list("interfaces", `{"type": "tap", "id": "a", "mac": "00:00:00:00:00:00"}`), `interfaces[0].mac: "00:00:00:00:00:00" is no address: use another, or leave it out`},
		{list("interfaces", `{"id": "a"}`), `interfaces[0].type: "" is not one of user, tap, macvtap, bridge`},
		{list("interfaces", `{"type": "bridge", "id": "a"}`), `interfaces[0].bridge: is missing: name the host's bridge`},
		{list("interfaces", `{"type": "bridge", "id": "a", "bridge": "br 0"}`), `interfaces[0].bridge: "br 0" is not an interface name: use 1 to 15 characters without "/", ":", "%" and spaces`},
		{list("interfaces", `{`+netA+`, "bridge": "br0"}`), `interfaces[0].bridge: is for interfaces of type "bridge", but this one has type "tap"`},
		{list("interfaces", `{"type": "macvtap", "id": "a", "macvtap": {"mode": "vepa"}}`), `interfaces[0].macvtap.link: is missing: name the host's interface to attach to`},
		{list("interfaces", `{"type": "macvtap", "id": "a", "macvtap": {"link": "a/b", "mode": "vepa"}}`), `interfaces[0].macvtap.link: "a/b" is not an interface name: use 1 to 15 characters without "/", ":", "%" and spaces`},
		{list("interfaces", `{"type": "macvtap", "id": "a", "macvtap": {"link": "eth0"}}`), `interfaces[0].macvtap.mode: is missing: use one of private, vepa, bridge, passthru, source`},
		{list("interfaces", `{"type": "macvtap", "id": "a", "macvtap": {"link": "eth0", "mode": "vlan"}}`), `interfaces[0].macvtap.mode: "vlan" is not one of private, vepa, bridge, passthru, source`},

		{`"forwardPorts": [{"host": {"port": 1}, "guest": {"port": 1}}]`, `forwardPorts: there is no interface of type "user" to forward through: add one to interfaces`},
		{forwards(`{"guest": {"port": 1}}`), `forwardPorts[0].host.port: 0 is out of range, want 1 to 65535`},
		{forwards(`{"host": {"port": 1}, "guest": {"port": 65536}}`), `forwardPorts[0].guest.port: 65536 is out of range, want 1 to 65535`},
		{forwards(`{"host": {"port": 1, "address": "::1"}, "guest": {"port": 1}}`), `forwardPorts[0].host.address: "::1" is not an IPv4 address: use one such as "127.0.0.1", or leave it out for any`},
		{forwards(`{"host": {"port": 1}, "guest": {"port": 1, "address": "10.0.2.15,x=y"}}`), `forwardPorts[0].guest.address: "10.0.2.15,x=y" is not an IPv4 address: use one such as "127.0.0.1", or leave it out for any`},
		{forwards(`{"from": "guest", "host": {"port": 1}, "guest": {"port": 1}}`), `forwardPorts[0].guest.address: is missing: give the address that the guest connects to, such as "10.0.2.100"`},
		{forwards(`{"from": "both", "host": {"port": 1}, "guest": {"port": 1}}`), `forwardPorts[0].from: "both" is not one of host, guest`},
		{forwards(`{"proto": "sctp", "host": {"port": 1}, "guest": {"port": 1}}`), `forwardPorts[0].proto: "sctp" is not one of tcp, udp, did you mean "tcp"?`},
		{forwards(`{"host": {"port": 1}, "guest": {"port": 1}}`, `{"host": {"port": 1, "address": "127.0.0.1"}, "guest": {"port": 2}}`), `forwardPorts[1]: tcp port 1 of the host is used twice, already by forwardPorts[0]`},
		{forwards(`{"host": {"port": 1, "address": "127.0.0.1"}, "guest": {"port": 1}}`, `{"host": {"port": 1, "address": "127.0.0.1"}, "guest": {"port": 2}}`), `forwardPorts[1]: tcp port 1 of the host is used twice, already by forwardPorts[0]`},
		{forwards(`{"from": "guest", "host": {"port": 1}, "guest": {"port": 9, "address": "10.0.2.100"}}`, `{"from": "guest", "host": {"port": 2}, "guest": {"port": 9, "address": "10.0.2.100"}}`), `forwardPorts[1]: tcp port 9 of the guest is used twice, already by forwardPorts[0]`},

		{`"devices": [{"path": "x"}]`, `devices[0].bus: "" is not one of pci, usb`},
		{`"devices": [{"bus": "pci", "path": "01:00"}]`, `devices[0].path: "01:00" is not a PCI address: use DOMAIN:BUS:SLOT.FUNCTION, such as "0000:01:00.0"`},
		{`"devices": [{"bus": "pci", "path": "0000:01:00.0,x=y"}]`, `devices[0].path: "0000:01:00.0,x=y" is not a PCI address: use DOMAIN:BUS:SLOT.FUNCTION, such as "0000:01:00.0"`},
		{`"devices": [{"bus": "usb", "path": "1-2"}]`, `devices[0].path: "1-2" does not name a USB device: use QEMU's properties, such as "vendorid=0xabcd,productid=0x0123"`},
		{`"devices": [{"bus": "pci", "path": "0000:0A:00.0"}, {"bus": "pci", "path": "0a:00.0"}]`, `devices[1].path: "0a:00.0" is used twice, already by devices[0].path`},
		{`"devices": [{"bus": "pci", "path": "01:00.0", "qemu": {"id": "0"}}]`, `devices[0].qemu.id: "0" is not an id: use a letter, then letters, digits, . _ -`},
		{`"devices": [{"bus": "pci", "path": "01:00.0", "qemu": {"id": "p"}}], "qemu": {"pcieRootPorts": [{"id": "p"}]}`, `devices[0].qemu.id: "p" is used twice, already by qemu.pcieRootPorts[0].id`},
		{`"qemu": {"pcieRootPorts": [{}]}`, `qemu.pcieRootPorts[0].id: "" is not an id: use a letter, then letters, digits, . _ -`},

		{`"vsock": {"cid": 0}`, `vsock.cid: 0 means the hypervisor, want 3 to 4294967294`},
		{`"vsock": {"cid": 1}`, `vsock.cid: 1 means the local machine, want 3 to 4294967294`},
		{`"vsock": {"cid": 2}`, `vsock.cid: 2 means the host, want 3 to 4294967294`},
		{`"vsock": {"cid": 4294967295}`, `vsock.cid: 4294967295 means any address, want 3 to 4294967294`},
		{`"vsock": {"cid": -3}`, `vsock.cid: -3 is out of range, want 3 to 4294967294`},
		{`"vsock": {"ssh": {"enable": true}}`, `vsock.ssh.enable: needs vsock.cid: set it to a number that no other VM has`},

		{`"tools": {"a/b": "/x"}`, `tools["a/b"]: "a/b" is not the name of a program`},
		{`"tools": {"qemu": "qemu-system-x86_64"}`, `tools["qemu"]: "qemu-system-x86_64" is not an absolute path`},
		{`"credentialFiles": {"a:b": "/x"}`, `credentialFiles["a:b"]: "a:b" is not the name of a credential: use 1 to 255 printable ASCII characters without "/" and ":"`},
		{`"credentialFiles": {"` + long + `": "/x"}`, fmt.Sprintf(`credentialFiles[%q]: %q is not the name of a credential: use 1 to 255 printable ASCII characters without "/" and ":"`, long, long)},
		{`"credentialFiles": {"key": "x"}`, `credentialFiles["key"]: "x" is not an absolute path`},
		{`"binScripts": {"..": "x"}`, `binScripts[".."]: ".." is not the name of a script: use letters, digits, . _ + -`},
		{`"binScripts": {"microvm-run": "x"}`, `binScripts["microvm-run"]: "microvm-run" is the runner's own: choose a name other than microvm-run, microvm-shutdown, microvm-balloon, microvm-register, microvm-unregister`},
		{`"hypervisor": "cloud-hypervisor", "cloud-hypervisor": {"platformOEMStrings": ["oem_strings=[a]"]}`, `cloud-hypervisor.platformOEMStrings[0]: "oem_strings=[a]" must not contain "oem_strings": give the string alone`},
		{`"firecracker": {"driveIoEngine": "async"}`, `firecracker.driveIoEngine: "async" is not one of Async, Sync, did you mean "Async"?`},
		{`"vfkit": {"logLevel": "warn"}`, `vfkit.logLevel: "warn" is not one of debug, info, error`},
		{`"qemu": {"extraArgs": ["-a", "b\nc"]}`, `qemu.extraArgs[1]: "b\nc" has a line break or a NUL`},
		{`"qemu": {"machineOpts": {"a\rb": "c"}}`, `qemu.machineOpts["a\rb"]: "a\rb" has a line break or a NUL`},
		{`"preStart": "a\u0000b"`, `preStart: "a\x00b" has a NUL`},
		{`"volumes": [{"image": "a\u0000b", "size": 1}]`, `volumes[0].image: "a\x00b" has a line break or a NUL`},
	}
	for _, test := range tests {
		err := parseSpec(t, test.fields).Validate()
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got:\n%v\nwant:\n%s", test.fields, err, test.want)
		}
	}
}

// What every document has cannot be added to one: change it.
func TestValidateReportsWhatIsRequired(t *testing.T) {
	const notName = ` is not a VM name: use 1 to 64 of A-Z a-z 0-9 . _ -, not "-" first, and not "." or ".."`
	tests := []struct {
		change func(*Spec)
		want   string
	}{
		{func(s *Spec) { s.Name = "" }, `name: ""` + notName},
		{func(s *Spec) { s.Name = ".." }, `name: ".."` + notName},
		{func(s *Spec) { s.Name = "-a" }, `name: "-a"` + notName},
		{func(s *Spec) { s.Name = "a/b" }, `name: "a/b"` + notName},
		{func(s *Spec) { s.Name = "a\n" }, `name: "a\n"` + notName},
		{func(s *Spec) { s.Name = strings.Repeat("a", 65) }, `name: "` + strings.Repeat("a", 65) + `"` + notName},
		{func(s *Spec) { s.System = "riscv64-linux" }, `system: "riscv64-linux" is not one of x86_64-linux, aarch64-linux`},
		{func(s *Spec) { s.Boot.Kernel = "" }, `boot.kernel: is missing: give the path of the guest's kernel`},
		{func(s *Spec) { s.Boot.KernelParams = []string{"ok", `a="b`} }, `boot.kernelParams[1]: "a=\"b" has an unpaired quote, which would swallow the parameters after it`},
		{func(s *Spec) { s.Boot.KernelParams = []string{"a\nb"} }, `boot.kernelParams[0]: "a\nb" has a line break or a NUL`},
		{func(s *Spec) { s.Boot.StoreDiskType = "ext4" }, `boot.storeDiskType: "ext4" is not one of squashfs, erofs`},
		{func(s *Spec) { s.Virtiofsd.ThreadPoolSize = ThreadPoolSize{N: -1} }, `virtiofsd.threadPoolSize: -1 is negative: use a number, or "auto"`},
	}
	for _, test := range tests {
		s := parseSpec(t, "")
		test.change(s)
		if err := s.Validate(); err == nil || err.Error() != test.want {
			t.Errorf("got:\n%v\nwant:\n%s", err, test.want)
		}
	}
}

func TestValidateReportsEverythingAtOnce(t *testing.T) {
	s, err := ParseSpec(strings.NewReader(`{"version": 1, "name": "../x", "system": "vax", "boot": {"kernel": ""},
		"vcpu": 0, "shares": [{"tag": "a", "source": "", "proto": "nfs"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"name", "system", "boot.kernel", "vcpu", "shares[0].source", "shares[0].proto"}
	var got []string
	for line := range strings.SplitSeq(s.Validate().Error(), "\n") {
		field, _, _ := strings.Cut(line, ": ")
		got = append(got, field)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got problems of %q, want %q", got, want)
	}
}

func TestValidateAccepts(t *testing.T) {
	tests := []string{
		``,
		`"machineId": null, "socket": null, "cpu": "host,+x2apic", "user": "microvm", "virtiofsd": {"group": null}`,
		`"hotplugMem": 64, "hotpluggedMem": 64, "initialBalloonMem": 512`,
		`"preStart": "a\nb", "extraArgsScript": "a\nb", "binScripts": {"tap-up": "a\nb"}`,
		`"volumes": [{"image": "..a", "size": 1}, {"image": "/a/../b", "autoCreate": false, "fsType": "zfs"}]`,
		`"volumes": [{"image": "a", "size": 1, "label": "1234567890123456", "mountPoint": "/"}]`,
		`"shares": [{"tag": "t", "source": "/s"}, {"tag": "ä b", "source": ".", "mountPoint": "/s"}]`,
		`"shares": [{"tag": "t", "source": "/s", "extraArgs": ["--translate-uid=map:0:1:1"]}]`,
		`"shares": [{` + virtiofs + `, "posixAcl": false, "extraArgs": ["--translate-uid=map:0:1:1"]}]`,
		`"shares": [{"tag": "t", "source": "/s", "socket": "web.sock"}]`,
		`"graphics": {"socket": "web.sock", "hostmem": "any", "vulkan": "venus"}`,
		list("interfaces", `{`+netA+`, "macvtap": {"link": "eth0"}}`, `{`+netB+`}`, `{"type": "user", "id": "u", "tap": {"vhost": true}}`),
		forwards(`{"host": {"port": 1}, "guest": {"port": 1}}`, `{"host": {"port": 1}, "guest": {"port": 1}, "proto": "udp"}`),
		forwards(`{"host": {"port": 1, "address": "127.0.0.1"}, "guest": {"port": 1}}`, `{"host": {"port": 1, "address": "127.0.0.2"}, "guest": {"port": 1}}`),
		forwards(`{"host": {"port": 1}, "guest": {"port": 1}}`, `{"from": "guest", "host": {"port": 1}, "guest": {"port": 1, "address": "10.0.2.100"}}`),
		`"devices": [{"bus": "pci", "path": "10000:e1:00.0"}, {"bus": "pci", "path": "01:1f.7"}, {"bus": "usb", "path": "hostdevice=/dev/bus/usb/001/002,guest-reset=false"}]`,
		`"vsock": {"cid": 3}`,
		`"vsock": {"cid": 4294967294, "ssh": {"enable": true}}`,
		`"cloud-hypervisor": {"platformOEMStrings": ["oem_strings=[a]"]}`,
		`"firecracker": {"extraConfig": {"a": "b\nc"}}`,
		`"credentialFiles": {"ssh.authorized_keys.root": "/k", "a@b": "/k"}`,
	}
	for _, fields := range tests {
		if err := parseSpec(t, fields).Validate(); err != nil {
			t.Errorf("%s: %v", fields, err)
		}
	}
}

// What the walk visits is checked, so that a new field with an enum needs no
// rule of its own.
func TestValidateVisitsEveryEnum(t *testing.T) {
	s, err := ReadSpec(filepath.Join("testdata", "spec", "full.json"))
	if err != nil {
		t.Fatal(err)
	}
	visited := map[string]bool{}
	text{}.each(reflect.ValueOf(s), func(at text) {
		visited[at.owner.Name()+"."+at.field.Name] = true
	})
	for name, f := range specFields() {
		if enumOf(f) != nil && !visited[name] {
			t.Errorf("%s has an enum, but is not visited", name)
		}
	}
}

func TestValidatePaths(t *testing.T) {
	s := parseSpec(t, `"shares": [{`+virtiofs+`}], "graphics": {"enable": true, "socket": "/run/gpu.sock"}`)
	tests := []struct {
		dir  string
		max  int
		want string
	}{
		{"/var/lib/microvms/web", 107, ""},
		{"/d", len("/d/web-virtiofs-t.sock"), ""},
		{"/d", len("/d/web-virtiofs-t.sock") - 1,
			`shares[0].socket: "/d/web-virtiofs-t.sock" has 22 bytes, but the path of a socket has at most 21: use a shorter one`},
		{"/d", 10, `socket: "/d/web.sock" has 11 bytes`},
		{"/d", 1, `graphics.socket: "/run/gpu.sock" has 13 bytes`},
	}
	for _, test := range tests {
		err := s.ValidatePaths(test.dir, test.max)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s, %d: got %v, want %q", test.dir, test.max, err, test.want)
		}
	}
}
