package runner

import (
	"fmt"
	"strings"
	"testing"
)

// qemuCases are specs, each about one thing, and what differs of the host.
var qemuCases = []struct {
	name string
	spec string
	host func(*Facts)
	opts PlanOptions
}{
	{"minimal", ``, nil, PlanOptions{}},
	{"q35", `"qemu":{"machine":"q35"}`, nil, PlanOptions{}},
	{"tcg-microvm", ``, emulated, PlanOptions{}},
	{"tcg-q35", `"qemu":{"machine":"q35"}`, emulated, PlanOptions{}},
	{"qemu-7.2-user", `"user":"microvm"`, qemu72, PlanOptions{}},
	{"qemu-10-user", `"user":"microvm"`, root, PlanOptions{}},
	{"user-without-root", `"user":"microvm"`, nil, PlanOptions{}},
	{"aarch64", `"system":"aarch64-linux"`, aarch64, PlanOptions{}},
	{"aarch64-on-x86", `"system":"aarch64-linux"`, emulated, PlanOptions{}},
	{"darwin", `"system":"aarch64-linux","interfaces":[{"type":"user","id":"net0"}],"volumes":[{"image":"a.img","size":8}]`, mac, PlanOptions{}},
	{"machine-opts", `"qemu":{"machine":"q35","machineOpts":{"accel":"kvm:tcg","smm":"off"}}`, nil, PlanOptions{}},
	{"cpu-model", `"cpu":"Skylake-Server"`, nil, PlanOptions{}},
	{"vcpu", `"vcpu":4,"interfaces":[{"type":"tap","id":"vm-web"}],"qemu":{"machine":"q35"}`, nil, PlanOptions{}},
	{"mem-2048-pci", `"mem":2048,"shares":[{"tag":"s","source":"/s","mountPoint":"/s"}]`, nil, PlanOptions{}},
	{"hotplug", `"hotplugMem":1024,"hotpluggedMem":256,"qemu":{"machine":"q35"}`, nil, PlanOptions{}},
	{"hugepages", `"hugepageMem":true`, nil, PlanOptions{}},
	{"balloon", `"balloon":true`, nil, PlanOptions{}},
	{"initial-balloon", `"balloon":true,"initialBalloonMem":128,"deflateOnOOM":false`, nil, PlanOptions{}},
	{"no-socket", `"socket":null,"machineId":null,"prettyProcnames":false`, nil, PlanOptions{}},
	{"no-serial", `"qemu":{"serialConsole":false}`, nil, PlanOptions{}},
	{"store-disk", `"boot":{"kernel":"/k/bzImage","initrd":"/k/initrd","storeDisk":"/nix/store/x.erofs"},"volumes":[{"image":"a.img","size":8}]`, nil, PlanOptions{}},
	{"volumes", `"qemu":{"machine":"q35"},"volumes":[
		{"image":"var.img","size":256,"serial":"var0"},
		{"image":"/img/a,b.qcow2","size":8,"imageType":"qcow2","direct":true,"autoCreate":false},
		{"image":"c.vhd","imageType":"vhd","readOnly":true,"autoCreate":false},
		{"image":"d.vhdx","imageType":"vhdx","autoCreate":false}]`, noURing, PlanOptions{}},
	{"ephemeral", `"volumes":[{"image":"a.img","size":8},{"image":"b.img","size":8,"readOnly":true}]`, nil, PlanOptions{Ephemeral: true}},
	{"shares-9p", `"shares":[{"tag":"src","source":"src,v","mountPoint":"/src","readOnly":true,"securityModel":"mapped"}]`, nil, PlanOptions{}},
	{"shares-virtiofs", `"shares":[
		{"tag":"src","source":"src","mountPoint":"/src","proto":"virtiofs","readOnly":true,"cache":"always","extraArgs":["--log-level=debug"]},
		{"tag":"home","source":"/home","mountPoint":"/home","proto":"virtiofs","posixAcl":false}],
		"virtiofsd":{"threadPoolSize":2,"extraArgs":["--allow-direct-io"]}`, nil, PlanOptions{}},
	{"shares-virtiofs-root", `"user":"microvm","shares":[{"tag":"src","source":"/src","mountPoint":"/src","proto":"virtiofs"}]`, root, PlanOptions{}},
	{"shares-virtiofs-c", `"shares":[{"tag":"src","source":"/s,rc","mountPoint":"/src","proto":"virtiofs","cache":"never"}]`, cVirtiofsdHost, PlanOptions{}},
	{"net-user", `"interfaces":[{"type":"user","id":"net0","mac":"02:00:00:00:00:01"},{"type":"user","id":"net1","mac":"02:00:00:00:00:02"}],
		"forwardPorts":[{"host":{"address":"127.0.0.1","port":8080},"guest":{"port":80}},{"proto":"udp","host":{"port":53},"guest":{"address":"10.0.2.15","port":53}},
		{"from":"guest","guest":{"address":"10.0.2.100","port":80},"host":{"address":"127.0.0.1","port":8081}}]`, nil, PlanOptions{}},
	{"net-digit", `"interfaces":[{"type":"user","id":"0net"}]`, nil, PlanOptions{}},
	{"net-tap", `"interfaces":[{"type":"tap","id":"vm-web","tap":{"vhost":true}}]`, nil, PlanOptions{}},
	{"net-macvtap", `"vcpu":2,"qemu":{"machine":"q35"},"interfaces":[{"type":"macvtap","id":"mv0","macvtap":{"link":"eth0","mode":"bridge"}},{"type":"macvtap","id":"mv1","macvtap":{"link":"eth0","mode":"vepa"}}]`, nil, PlanOptions{}},
	{"net-bridge-root", `"interfaces":[{"type":"bridge","id":"vm-web","bridge":"br0"}]`, root, PlanOptions{}},
	{"net-bridge-user", `"interfaces":[{"type":"bridge","id":"vm-web","bridge":"br0"}]`, nil, PlanOptions{}},
	{"pci", `"qemu":{"machine":"q35","pcieRootPorts":[{"id":"rp0","bus":"pcie.0","chassis":1,"slot":"2","addr":"0x5"}]},
		"devices":[{"bus":"pci","path":"0000:01:00.0","qemu":{"id":"gpu","bus":"rp0","deviceExtraArgs":"x-igd-opregion=on"}}]`, nil, PlanOptions{}},
	{"usb-microvm", `"devices":[{"bus":"usb","path":"vendorid=0xabcd,productid=0x0123"}]`, nil, PlanOptions{}},
	{"usb-q35", `"qemu":{"machine":"q35"},"devices":[{"bus":"usb","path":"vendorid=0xabcd,productid=0x0123"}]`, nil, PlanOptions{}},
	{"vsock", `"vsock":{"cid":42}`, nil, PlanOptions{}},
	{"credentials", `"credentialFiles":{"KEY":"/run/secrets/a,b","OTHER":"/run/secrets/o"}`, nil, PlanOptions{}},
	{"graphics-gtk", `"graphics":{"enable":true}`, nil, PlanOptions{}},
	{"graphics-headless-vulkan", `"graphics":{"enable":true,"backend":"headless","vulkan":"venus","hostmem":"4G"}`, nil, PlanOptions{}},
	{"graphics-cocoa-on-linux", `"graphics":{"enable":true,"backend":"cocoa"}`, nil, PlanOptions{}},
	{"graphics-gtk-on-darwin", `"system":"aarch64-linux","graphics":{"enable":true}`, mac, PlanOptions{}},
	{"darwin-x86", `"interfaces":[{"type":"user","id":"net0"}],"shares":[{"tag":"s","source":"/s","mountPoint":"/s"}]`, intelMac, PlanOptions{}},
	{"darwin-foreign", `"system":"aarch64-linux"`, foreignMac, PlanOptions{}},
	{"graphics-cocoa", `"system":"aarch64-linux","graphics":{"enable":true,"backend":"cocoa"}`, mac, PlanOptions{}},
	{"extra-args", `"qemu":{"extraArgs":["-rtc","base=utc"]}`, nil, PlanOptions{}},
}

func emulated(f *Facts) { f.Accel = Accel{Kind: "tcg", Reason: "the test says so"} }
func noURing(f *Facts)  { f.IOUring = false }
func root(f *Facts)     { f.UID = 0 }

func qemu72(f *Facts) {
	f.UID = 0
	f.Tools["qemu"] = Tool{"/bin/qemu-system-x86_64", Version{7, 2, 22}}
}

func cVirtiofsdHost(f *Facts) {
	f.UID = 0
	f.Tools["virtiofsd"] = Tool{"/lib/qemu/virtiofsd", Version{7, 2, 22}}
}

func aarch64(f *Facts) {
	f.System = "aarch64-linux"
	f.Tools["qemu"] = Tool{"/bin/qemu-system-aarch64", qemu10}
}

func mac(f *Facts) {
	aarch64(f)
	f.System, f.Accel, f.IOUring = "aarch64-darwin", Accel{Kind: "hvf"}, false
}

func intelMac(f *Facts) { f.System, f.Accel, f.IOUring = "x86_64-darwin", Accel{Kind: "hvf"}, false }

func foreignMac(f *Facts) {
	intelMac(f)
	f.Tools["qemu"] = Tool{"/bin/qemu-system-aarch64", qemu10}
	f.Accel = Accel{Kind: "tcg", Reason: "the test says so"}
}

func TestQEMU(t *testing.T) {
	for _, tt := range qemuCases {
		t.Run(tt.name, func(t *testing.T) {
			f := linuxHost(qemu10)
			if tt.host != nil {
				tt.host(&f)
			}
			p := planOf(t, specOf(t, tt.spec), f, tt.opts)
			golden(t, "testdata/qemu/"+tt.name+".args", []byte(argLines(p)))
		})
	}
}

// argLines is a plan's processes, one argument a line.
func argLines(p *Plan) string {
	var b strings.Builder
	for _, d := range p.Daemons {
		fmt.Fprintf(&b, "# %s\n%s\n%s\n\n", d.Name, d.Path, strings.Join(d.Args, "\n"))
	}
	fmt.Fprintf(&b, "%s\n%s\n", p.VM.Path, strings.Join(p.VM.Args, "\n"))
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "# note: %s\n", n)
	}
	return b.String()
}

func TestQEMURefuses(t *testing.T) {
	tests := map[string]struct {
		spec string
		host func(*Facts)
		want []string
	}{
		"virt on x86":           {`"qemu":{"machine":"virt"}`, nil, []string{`qemu.machine: "virt" does not exist on x86_64: use "microvm" or "q35"`}},
		"microvm on arm":        {`"system":"aarch64-linux","qemu":{"machine":"microvm"}`, nil, []string{`qemu.machine: "microvm" exists on x86_64 only: use "virt"`}},
		"q35 on arm":            {`"system":"aarch64-linux","qemu":{"machine":"q35"}`, nil, []string{`qemu.machine: "q35" exists on x86_64 only: use "virt"`}},
		"hotplug on microvm":    {`"hotplugMem":64`, nil, []string{`hotplugMem: QEMU's "microvm" machine has no memory hotplug: use "q35"`}},
		"root ports on microvm": {`"qemu":{"pcieRootPorts":[{"id":"a"}]}`, nil, []string{`qemu.pcieRootPorts: QEMU's "microvm" machine has no PCI here: use "q35"`}},
		"udp from the guest": {`"interfaces":[{"type":"user","id":"n"}],"forwardPorts":[{"from":"guest","proto":"udp","guest":{"address":"10.0.2.9","port":1},"host":{"port":1}}]`, nil, []string{
			`forwardPorts[0].proto: QEMU forwards only tcp from the guest`,
			`forwardPorts[0].host.address: QEMU needs one to forward from the guest, for example "127.0.0.1"`,
		}},
		"a long credential": {`"credentialFiles":{"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123":"/x"}`, nil, []string{
			`credentialFiles: QEMU takes names of at most 28 bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123" has 30`,
		}},
		"an old one": {``, func(f *Facts) { f.Tools["qemu"] = Tool{"/q", Version{5, 2, 0}} }, []string{`qemu: version 5.2.0 is too old, 6.0 is the oldest that works`}},
		"macOS": {`"system":"aarch64-linux","interfaces":[{"type":"tap","id":"t"}],"vsock":{"cid":5},"hugepageMem":true,"hotplugMem":64,
			"graphics":{"enable":true,"backend":"headless","vulkan":"venus"},"devices":[{"bus":"pci","path":"0000:01:00.0"}],
			"shares":[{"tag":"s","source":"/s","mountPoint":"/s","proto":"virtiofs"}]`, mac, []string{
			`hugepageMem: huge pages with QEMU need a Linux host`,
			`hotplugMem: memory hotplug with QEMU needs a Linux host`,
			`interfaces[0].type: "tap" needs a Linux host: use "user"`,
			`shares[0].proto: virtiofs needs a Linux host: use "9p", or --hypervisor vfkit`,
			`devices: passing devices needs a Linux host`,
			`vsock.cid: vsock with QEMU needs a Linux host: use --hypervisor vfkit`,
			`graphics.backend: "headless" needs a Linux host: use "cocoa"`,
			`graphics.vulkan: needs a Linux host`,
		}},
		"an old one on macOS": {`"system":"aarch64-linux"`, func(f *Facts) { mac(f); f.Tools["qemu"] = Tool{"/q", Version{6, 2, 0}} }, []string{
			`qemu: version 6.2.0 is too old for macOS, 7.0 is the oldest that works`,
		}},
		"read-only share by the C virtiofsd": {`"shares":[{"tag":"s","source":"/s","mountPoint":"/s","proto":"virtiofs","readOnly":true}]`, cVirtiofsdHost, []string{
			`shares[0].readOnly: virtiofsd 7.2.22 cannot: use the Rust virtiofsd, or 9p`,
		}},
		"the C virtiofsd without root": {`"shares":[{"tag":"s","source":"/s","mountPoint":"/s","proto":"virtiofs"}]`, func(f *Facts) { cVirtiofsdHost(f); f.UID = 1000 }, []string{
			`shares[0].proto: /lib/qemu/virtiofsd needs root: use the Rust virtiofsd, or 9p`,
		}},
		"a virtiofsd that says nothing": {`"shares":[{"tag":"s","source":"/s","mountPoint":"/s","proto":"virtiofs"}]`, func(f *Facts) { f.Tools["virtiofsd"] = Tool{Path: "/v"} }, []string{
			`shares[0].proto: /v needs root: use the Rust virtiofsd, or 9p`,
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := linuxHost(qemu10)
			if tt.host != nil {
				tt.host(&f)
			}
			err := Check(specOf(t, tt.spec), QEMU{}, []Backend{QEMU{}}, f)
			if err == nil || err.Error() != strings.Join(tt.want, "\n") {
				t.Errorf("got %v\nwant %s", err, strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestDriveLetters(t *testing.T) {
	for n, want := range map[int]string{0: "a", 25: "z", 26: "aa", 27: "ab", 51: "az", 52: "ba", 701: "zz", 702: "aaa"} {
		if got := DriveLetters(n); got != want {
			t.Errorf("DriveLetters(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestShutdownFate(t *testing.T) {
	for reason, want := range map[string]Fate{
		"guest-shutdown": FateShutdown, "guest-reset": FateReset, "guest-panic": FatePanic,
		"host-signal": FateHost, "host-qmp-quit": FateHost, "snapshot-load": FateUnknown,
	} {
		if got := shutdownFate([]byte(`{"guest":true,"reason":"` + reason + `"}`)); got != want {
			t.Errorf("%s: %q, want %q", reason, got, want)
		}
	}
	if got := shutdownFate([]byte(`[]`)); got != FateUnknown {
		t.Errorf("garbage: %q", got)
	}
}
