package runner

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const scriptFields = `"vcpu":2,"binScripts":{"tap-up":"echo mine up","tap-down":"echo mine down","hello":"echo hello"},
	"interfaces":[{"type":"tap","id":"it's"},{"type":"user","id":"u0"},
		{"type":"macvtap","id":"m0","mac":"02:00:00:00:00:01","macvtap":{"link":"eth0","mode":"bridge"}}],
	"devices":[{"bus":"pci","path":"01:00.0"},{"bus":"usb","path":"vendorid=0x1,productid=0x2"}]`

func TestHostScripts(t *testing.T) {
	s := parseSpec(t, scriptFields)
	dir := filepath.Join(t.TempDir(), "runner")
	w := tree{dir: dir}
	w.scripts(s)
	if len(w.problems) > 0 {
		t.Fatal(w.problems)
	}
	for name, want := range map[string]string{
		"tap-up": `if [ -e /sys/class/net/'it'\''s' ]; then ip link delete dev 'it'\''s'; fi
ip tuntap add dev 'it'\''s' mode tap user "${MICROVM_USER:-microvm}" vnet_hdr multi_queue
ip link set dev 'it'\''s' up

echo mine up`,
		"tap-down": `echo mine down
if [ -e /sys/class/net/'it'\''s' ]; then ip link delete dev 'it'\''s'; fi
`,
		"macvtap-up": `if [ -e /sys/class/net/m0 ]; then ip link delete dev m0; fi
ip link add link eth0 name m0 address 02:00:00:00:00:01 type macvtap mode bridge
if [ -e /proc/sys/net/ipv6/conf/m0 ]; then echo 1 >/proc/sys/net/ipv6/conf/m0/disable_ipv6; fi
ip link set dev m0 allmulticast on up
chown "${MICROVM_USER:-microvm}": /dev/tap"$(cat /sys/class/net/m0/ifindex)"

`,
		"pci-setup": `modprobe vfio-pci
cd /sys/bus/pci/devices/0000:01:00.0
echo vfio-pci >driver_override
if [ -e driver ]; then echo 0000:01:00.0 >driver/unbind; fi
echo 0000:01:00.0 >/sys/bus/pci/drivers_probe
chown "${MICROVM_USER:-microvm}": /dev/vfio/"$(basename "$(readlink iommu_group)")"

`,
	} {
		got, err := os.ReadFile(filepath.Join(dir, "bin", name))
		if want = "#!/usr/bin/env bash\nset -euo pipefail\n" + want; err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, "bin/hello")); err != nil || string(got) != "#!/usr/bin/env bash\necho hello\n" {
		t.Errorf("hello: %q, %v", got, err)
	}
}

// TestHostScriptsTools runs a script with the programs that the spec names.
func TestHostScriptsTools(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skipf("needs bash: %v", err)
	}
	dir := t.TempDir()
	ip := filepath.Join(dir, "my ip")
	if err := os.WriteFile(ip, []byte("#!"+bash+"\necho \"ip $*\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := parseSpec(t, scriptFields)
	s.Tools = map[string]string{"bash": bash, "ip": ip}
	w := tree{dir: dir}
	w.scripts(s)
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "bin/tap-up"))
	cmd.Env = []string{"PATH=", "MICROVM_USER=somebody"}
	out, err := cmd.CombinedOutput()
	want := "ip tuntap add dev it's mode tap user somebody vnet_hdr multi_queue\nip link set dev it's up\nmine up\n"
	if err != nil || string(out) != want || len(w.problems) > 0 {
		t.Errorf("tap-up: %v, %v\n%swant\n%s", err, w.problems, out, want)
	}
	if scripts := hostScripts(parseSpec(t, ``)); len(scripts) > 0 {
		t.Errorf("a VM without taps and devices has %q", scripts)
	}
}
