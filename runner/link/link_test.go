package link_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"microvm/runner/link"
)

func TestCheckName(t *testing.T) {
	for _, name := range []string{"a", "vm-web", "tap0", "eth0.1", "a@b", "123456789012345", "a,b;$(x)'\"", "..."} {
		if err := link.CheckName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{
		"", ".", "..", "1234567890123456", "-h", "a/b", "../x", "a b", "a\tb", "a\n", "a:0", "tap%d", "a\x00", "\x1b[m", "grün", "\xff",
	} {
		if err := link.CheckName(name); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
}

func TestCommands(t *testing.T) {
	user, group := uint32(1000), uint32(78)
	cases := []struct {
		name string
		link interface{ Commands() []string }
		want []string
	}{
		{"tap", link.Tap{Name: "vm-a"}, []string{
			"ip tuntap add dev vm-a mode tap", "ip link set dev vm-a up",
		}},
		{"full tap", link.Tap{
			Name: "vm-a", Owner: &user, Group: &group, MultiQueue: true, VNetHdr: true, Bridge: "br0", MTU: 9000,
		}, []string{
			"ip tuntap add dev vm-a mode tap user 1000 group 78 vnet_hdr multi_queue",
			"ip link set dev vm-a mtu 9000 master br0 up",
		}},
		{"names that a shell would obey", link.Tap{Name: "$(x)", Bridge: "it's"}, []string{
			"ip tuntap add dev '$(x)' mode tap", `ip link set dev '$(x)' master 'it'\''s' up`,
		}},
		{"macvtap", link.Macvtap{Name: "vm-m", Link: "eth0", Mode: "bridge"}, []string{
			"ip link add link eth0 name vm-m type macvtap mode bridge",
			"sysctl -w net/ipv6/conf/vm-m/disable_ipv6=1",
			"ip link set dev vm-m allmulticast on up",
		}},
		{"full macvtap", link.Macvtap{
			Name: "vm-m", Link: "eth0", Mode: "vepa", MAC: "02:00:00:00:00:01", Owner: &user, Group: &group,
		}, []string{
			"ip link add link eth0 name vm-m address 02:00:00:00:00:01 type macvtap mode vepa",
			"sysctl -w net/ipv6/conf/vm-m/disable_ipv6=1",
			"ip link set dev vm-m allmulticast on up",
			`chown 1000:78 "/dev/tap$(cat /sys/class/net/vm-m/ifindex)"`,
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := c.link.Commands(); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// FuzzCommands has a real shell read the commands back.
func FuzzCommands(f *testing.F) {
	for _, name := range []string{"vm-a", "a b", "it's", "$(reboot)", "`x`", "*", "~", "", "a\nb", `\`, "-n"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if strings.Contains(name, "\x00") {
			t.Skip("no argument can have a zero byte")
		}
		command := link.Tap{Name: name, Bridge: name + "b"}.Commands()[1]
		out, err := exec.Command("/bin/sh", "-c", strings.Replace(command, "ip ", `printf '%s\0' `, 1)).Output()
		if err != nil {
			t.Fatalf("%q: %v", command, err)
		}
		want := []string{"link", "set", "dev", name, "master", name + "b", "up", ""}
		if got := strings.Split(string(out), "\x00"); !slices.Equal(got, want) {
			t.Errorf("%q became %q", command, got)
		}
	})
}
