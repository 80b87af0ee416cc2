package darwin

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"microvm/runner"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is out of date, run go test -update; got:\n%s", file, got)
	}
}

// specOf parses a spec that names only what the test is about.
func specOf(t *testing.T, fields string) *runner.Spec {
	t.Helper()
	doc := map[string]any{
		"version": 1, "name": "web", "system": "aarch64-linux", "hypervisor": "vfkit",
		"boot": map[string]any{"kernel": "/k/Image", "initrd": "/k/initrd", "kernelParams": []string{"root=fstab"}},
	}
	if err := json.Unmarshal([]byte("{"+fields+"}"), &doc); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := runner.ParseSpec(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mac is a host on which everything works.
func mac() runner.Facts {
	return runner.Facts{
		System: "aarch64-darwin", CPUs: 8, UID: 501, Accel: runner.Accel{Kind: "hvf"}, Self: "/bin/microvm",
		Tools: map[string]runner.Tool{"vfkit": {Path: "/bin/vfkit", Version: Vfkit{}.Caps().Newest}},
	}
}

func version(minor, patch int) func(*runner.Facts) {
	return func(f *runner.Facts) {
		f.Tools["vfkit"] = runner.Tool{Path: "/bin/vfkit", Version: runner.Version{Minor: minor, Patch: patch}}
	}
}

func intelMac(f *runner.Facts) { f.System = "x86_64-darwin" }

// vfkitCases are specs, each about one thing, and what differs of the host.
var vfkitCases = []struct {
	name string
	spec string
	host func(*runner.Facts)
}{
	{"minimal", ``, nil},
	{"intel", `"system":"x86_64-linux"`, intelMac},
	{"vfkit-0.6.0", `"boot":{"kernel":"/k/Image","initrd":"/k/initrd","storeDisk":"/nix/store/x.erofs"}`, version(6, 0)},
	{"vfkit-unknown", `"balloon":true`, func(f *runner.Facts) { f.Tools["vfkit"] = runner.Tool{Path: "/bin/vfkit"} }},
	{"machine", `"vcpu":4,"mem":2048`, nil},
	{"no-socket", `"socket":null,"prettyProcnames":false`, nil},
	{"socket-escapes", `"socket":"/vms/a b/100%,?#.sock"`, nil},
	{"log-level-none", `"vfkit":{"logLevel":null}`, nil},
	{"kernel-params", `"boot":{"kernel":"/k/a, \"b\"/Image","initrd":"/k/a=b,c","kernelParams":["console=ttyS0,115200","dyndbg=\"file a, b +p\""]}`, nil},
	{"store-disk", `"boot":{"kernel":"/k/Image","initrd":"/k/initrd","storeDisk":"/nix/store/x.erofs"},"volumes":[{"image":"a.img","size":8}]`, nil},
	{"volumes", `"volumes":[{"image":"var.img","size":256,"serial":"var=0"},{"image":"/img/a b\"=.img","readOnly":true,"serial":"s","autoCreate":false},{"image":"/dev/disk4","autoCreate":false}]`, nil},
	{"shares", `"shares":[{"tag":"src","source":"src","mountPoint":"/src","proto":"virtiofs","extraArgs":["--x"]},{"tag":"home","source":"/Users/me/a=b \"c\"","mountPoint":"/home","proto":"virtiofs"}]`, nil},
	{"rosetta", `"vfkit":{"rosetta":{"enable":true}}`, nil},
	{"rosetta-install", `"vfkit":{"rosetta":{"enable":true,"install":true,"ignoreIfMissing":true}}`, nil},
	{"rosetta-ignore-only", `"vfkit":{"rosetta":{"enable":true,"ignoreIfMissing":true}}`, nil},
	{"net", `"interfaces":[{"type":"user","id":"a","mac":"02:00:00:00:00:01"},{"type":"user","id":"b","mac":"02:00:00:00:00:02"}]`, nil},
	{"balloon", `"balloon":true`, nil},
	{"vsock", `"vsock":{"cid":42}`, nil},
	{"vsock-ssh", `"vsock":{"cid":42,"ssh":{"enable":true}}`, nil},
	{"graphics", `"graphics":{"enable":true,"backend":"cocoa"}`, nil},
	{"graphics-headless", `"graphics":{"enable":true,"backend":"headless"}`, nil},
	{"extra-args", `"vfkit":{"extraArgs":["--nested","--timesync","vsockPort=1234"]}`, nil},
}

func TestVfkit(t *testing.T) {
	for _, tt := range vfkitCases {
		t.Run(tt.name, func(t *testing.T) {
			f := mac()
			if tt.host != nil {
				tt.host(&f)
			}
			s := specOf(t, tt.spec)
			if err := runner.Check(s, Vfkit{}, nil, f); err != nil {
				t.Fatal(err)
			}
			p, err := runner.NewPlan(s, Vfkit{}, f, runner.PlanOptions{Dir: "/vms/web", LockDir: "/run/microvm"})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/vfkit/"+tt.name+".args", argLines(p))
		})
	}
}

// argLines is the plan's command, one argument a line, and what goes with it.
func argLines(p *runner.Plan) string {
	var b strings.Builder
	for _, d := range p.Daemons {
		fmt.Fprintf(&b, "# daemon %s\n", d.Name)
	}
	fmt.Fprintf(&b, "%s\n%s\n", p.VM.Path, strings.Join(p.VM.Args, "\n"))
	for _, r := range p.Resources[1:] {
		fmt.Fprintf(&b, "# resource: %s\n", r)
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "# note: %s\n", n)
	}
	return b.String()
}

func TestVfkitRefuses(t *testing.T) {
	tests := map[string]struct {
		spec string
		host func(*runner.Facts)
		want []string
	}{
		"what the framework cannot do": {`"cpu":"max","user":"u","hugepageMem":true,"hotplugMem":64,"credentialFiles":{"A":"/a"},
			"initialBalloonMem":8,"graphics":{"enable":true,"vulkan":"venus"},"devices":[{"bus":"usb","path":"vendorid=0xabcd,productid=0x0123"}],
			"volumes":[{"image":"a.qcow2","imageType":"qcow2","direct":true,"autoCreate":false}],
			"shares":[{"tag":"s","source":"/s","mountPoint":"/s"},{"tag":"r","source":"/r","mountPoint":"/r","proto":"virtiofs","readOnly":true}],
			"interfaces":[{"type":"tap","id":"t"},{"type":"user","id":"u"}],"forwardPorts":[{"host":{"port":8080},"guest":{"port":80}}]`, nil, []string{
			"cpu: vfkit does not support emulating another CPU model (these do: qemu)",
			"user: vfkit does not support switching to another user (these do: qemu)",
			"hugepageMem: vfkit does not support huge pages (these do: qemu)",
			"hotplugMem: vfkit does not support memory hotplug (these do: qemu)",
			"initialBalloonMem: vfkit does not support an initial balloon size (these do: qemu)",
			"graphics.vulkan: vfkit does not support Vulkan (these do: qemu)",
			"credentialFiles: vfkit does not support credentials (these do: qemu)",
			"forwardPorts: vfkit does not support forwarded ports (these do: qemu)",
			"volumes[0].direct: vfkit does not support direct I/O (these do: qemu)",
			"volumes[0].imageType: vfkit does not support qcow2 images (these do: qemu)",
			"shares[0].proto: vfkit does not support 9p shares (these do: qemu)",
			"shares[1].readOnly: vfkit does not support read-only shares (these do: qemu)",
			"interfaces[0].type: vfkit does not support tap interfaces (these do: qemu)",
			"devices[0]: vfkit does not support USB devices (these do: qemu)",
		}},
		"commas": {`"boot":{"kernel":"/k,k/Image","initrd":"/k,k/initrd","storeDisk":"/s,type=dev"},"volumes":[{"image":"a,readonly","size":8,"serial":"x,y"}],
			"shares":[{"tag":"a,b","source":"/a,b","mountPoint":"/a","proto":"virtiofs"}]`, nil, []string{
			`boot.storeDisk: "path=/s,type=dev" has a comma, which vfkit takes for the end of an option`,
			`volumes[0]: "path=/a,readonly" has a comma, which vfkit takes for the end of an option`,
			`volumes[0]: "deviceId=x,y" has a comma, which vfkit takes for the end of an option`,
			`shares[0]: "sharedDir=/a,b" has a comma, which vfkit takes for the end of an option`,
			`shares[0]: "mountTag=a,b" has a comma, which vfkit takes for the end of an option`,
		}},
		"another architecture": {`"system":"x86_64-linux"`, nil, []string{
			"system: vfkit runs only guests of the host's architecture: the guest is x86_64-linux, the host aarch64-darwin",
		}},
		"Rosetta on Intel": {`"system":"x86_64-linux","vfkit":{"rosetta":{"enable":true}}`, intelMac, []string{
			"vfkit.rosetta.enable: Rosetta needs Apple silicon, and this host is x86_64-darwin",
		}},
		"Rosetta's tag": {`"vfkit":{"rosetta":{"enable":true}},"shares":[{"tag":"rosetta","source":"/s","mountPoint":"/s","proto":"virtiofs"}]`, nil, []string{
			`shares[0].tag: "rosetta" is taken by vfkit.rosetta`,
		}},
		"no initrd":     {`"boot":{"kernel":"/k/Image"}`, nil, []string{"boot.initrd: is missing, and vfkit starts no kernel without one"}},
		"an old one":    {``, version(5, 1), []string{"vfkit: version 0.5.1 is too old, 0.6.0 is the oldest that works"}},
		"0.6.0 balloon": {`"balloon":true`, version(6, 0), []string{"balloon: vfkit 0.6.0 has none, 0.6.1 is the first that does"}},
		"0.6.1 device": {`"volumes":[{"image":"/dev/disk4","autoCreate":false}]`, version(6, 1), []string{
			`volumes[0]: "/dev/disk4" is a device, which vfkit 0.6.1 cannot pass: 0.6.2 is the first that can`,
		}},
		"Linux": {``, func(f *runner.Facts) { f.System = "aarch64-linux" }, []string{
			"hypervisor: vfkit runs on darwin only, and this host is aarch64-linux",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := mac()
			if tt.host != nil {
				tt.host(&f)
			}
			err := runner.Check(specOf(t, tt.spec), Vfkit{}, []runner.Backend{runner.QEMU{}, Vfkit{}}, f)
			if err == nil || err.Error() != strings.Join(tt.want, "\n") {
				t.Errorf("got %v\nwant %s", err, strings.Join(tt.want, "\n"))
			}
		})
	}
}

// What Check cannot know, because it depends on the VM's directory.
func TestVfkitRefusesTheDirectory(t *testing.T) {
	ssh := `"vsock":{"cid":42,"ssh":{"enable":true}}`
	tests := map[string]struct {
		spec string
		opts runner.PlanOptions
		want string
	}{
		"comma": {`"volumes":[{"image":"a.img","size":8}]`, runner.PlanOptions{Dir: "/a,b"},
			`volumes[0]: "path=/a,b/a.img" has a comma, which vfkit takes for the end of an option`},
		"not like a URL": {ssh, runner.PlanOptions{Dir: "/a b?"},
			`vsock.ssh: vfkit would listen at "/a%20b%3F/web-vsock-22.sock" instead of "/a b?/web-vsock-22.sock": use a directory without such characters`},
		"long": {ssh, runner.PlanOptions{Dir: "/" + strings.Repeat("d", 90)},
			`vsock.ssh: "/` + strings.Repeat("d", 90) + `/web-vsock-22.sock" has 109 bytes, but the path of a socket has at most 103: use a shorter directory`},
		"ephemeral": {`"volumes":[{"image":"a.img","size":8,"readOnly":true},{"image":"b.img","size":8}]`, runner.PlanOptions{Dir: "/d", Ephemeral: true},
			"volumes[1]: vfkit cannot discard what the guest writes: run it without --ephemeral, or with qemu"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := specOf(t, tt.spec)
			if err := runner.Check(s, Vfkit{}, nil, mac()); err != nil {
				t.Fatal(err)
			}
			if _, err := runner.NewPlan(s, Vfkit{}, mac(), tt.opts); err == nil || err.Error() != tt.want {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// microvm.nix writes unix:///$ABSOLUTE, which has a slash too many. vfkit reads
// the address as below.
func TestControlSocketAddress(t *testing.T) {
	for _, socket := range []string{"/vms/web/web.sock", "/a b/c%41,?#=\"'é.sock", "//vms//web.sock"} {
		c := newCommand(specOf(t, `"socket":`+quoted(socket)), runner.Runtime{Facts: mac()})
		address := c.args[len(c.args)-1]
		u, err := url.ParseRequestURI(address)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(socket, "//", "/"); u.Scheme != "unix" || u.Host != "" || u.Path != want {
			t.Errorf("%q reads as %q at %q, want %q", address, u.Path, u.Host, want)
		}
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// vfkit takes the vsock socket apart in this way.
func FuzzVsockSocket(f *testing.F) {
	for _, dir := range []string{"/vms/web", "/a b", "/a%20b", "/a?b", "/a#b", "/ü", "/a;b:c@d"} {
		f.Add(dir)
	}
	f.Fuzz(func(t *testing.T, dir string) {
		if !strings.HasPrefix(dir, "/") {
			t.Skip("not absolute")
		}
		s := &runner.Spec{Name: "web"}
		cid := int64(3)
		s.Vsock.CID, s.Vsock.SSH.Enable = &cid, true
		c := newCommand(s, runner.Runtime{Dir: dir})
		if len(c.problems) > 0 {
			return
		}
		socket := c.rt.Path(sshSocket(s))
		u, err := url.Parse("unix://:" + socket)
		if err != nil || u.EscapedPath() != socket {
			t.Errorf("%q: listens at %v, %v", socket, u, err)
		}
		want := "virtio-vsock,port=22,socketURL=" + socket + ",connect"
		if options := strings.Split(want, ","); len(options) != 4 {
			t.Errorf("%q are %d options", want, len(options))
		}
	})
}
