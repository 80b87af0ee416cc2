package link

import (
	"os"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const testMAC = "02:00:00:00:00:01"

func TestMacvtapUpAndUndo(t *testing.T) {
	namespace(t)
	card := addCard(t, "card")
	for _, mode := range MacvtapModes() {
		m := Macvtap{Name: "vm-" + mode, Link: "card", Mode: mode, MAC: testMAC}
		undo, err := m.Up()
		if err != nil {
			t.Fatal(err)
		}
		got := get(t, m.Name)
		attrs := got.Attrs()
		if got.Type() != "macvtap" || attrs.ParentIndex != card.Attrs().Index || !isUp(got) || !isOurs(got) || attrs.Allmulti == 0 {
			t.Errorf("got %+v", got)
		}
		if attrs.HardwareAddr.String() != testMAC && mode != "passthru" {
			t.Errorf("MAC is %s", attrs.HardwareAddr)
		}
		if off, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + m.Name + "/disable_ipv6"); err == nil && strings.TrimSpace(string(off)) != "1" {
			t.Errorf("disable_ipv6 is %s", off)
		}
		for range 2 {
			if err := undo(); err != nil || Exists(m.Name) {
				t.Errorf("not removed, %v", err)
			}
		}
	}
}

func TestOpenMacvtap(t *testing.T) {
	namespace(t)
	addCard(t, "card")
	up(t, Macvtap{Name: "vm-a", Link: "card", Mode: "bridge"})
	for _, queues := range []int{1, 3} {
		files, err := OpenMacvtap("vm-a", queues)
		if err != nil || len(files) != queues {
			t.Fatalf("got %v %v", files, err)
		}
		for _, f := range files {
			if flags, err := unix.IoctlGetUint32(int(f.Fd()), unix.TUNGETFEATURES); err != nil || flags&unix.IFF_VNET_HDR == 0 {
				t.Errorf("features %#x %v", flags, err)
			}
		}
		_, err = Macvtap{Name: "vm-a", Link: "card", Mode: "bridge"}.Up()
		wantBusy(t, err, "vm-a")
		if err := closeAll(files); err != nil {
			t.Error(err)
		}
	}
	for name, queues := range map[string]int{"vm-a": 0, "card": 1, "none": 1, "../x": 1} {
		files, err := OpenMacvtap(name, queues)
		if files != nil {
			t.Errorf("%q: got %v", name, files)
		}
		wantError(t, err, `"`+name+`"`)
	}
}

// TestMacvtapWithoutUdev is a container: its /dev has no node for the interface, or another's by the same number.
func TestMacvtapWithoutUdev(t *testing.T) {
	namespace(t)
	addCard(t, "card")
	up(t, Macvtap{Name: "vm-a", Link: "card", Mode: "bridge"})
	dev := t.TempDir()
	if err := unix.Mount(dev, "/dev", "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	wrong := "/dev/tap" + index(t, "vm-a")
	for range 2 {
		files, err := OpenMacvtap("vm-a", 2)
		if err != nil || len(files) != 2 {
			t.Fatalf("got %v %v", files, err)
		}
		_, err = Macvtap{Name: "vm-a", Link: "card", Mode: "bridge"}.Up()
		wantBusy(t, err, "vm-a")
		if err := closeAll(files); err != nil {
			t.Error(err)
		}
		if err := unix.Mknod(wrong, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))); err != nil && err != unix.EEXIST {
			t.Fatal(err)
		}
	}
	unprivileged(t)
	_, err := OpenMacvtap("vm-a", 1)
	wantError(t, err, "mknod "+wrong+" c ")
}

func TestMacvtapOwner(t *testing.T) {
	namespace(t)
	addCard(t, "card")
	up(t, Macvtap{Name: "vm-a", Link: "card", Mode: "bridge"})
	device := "tap" + index(t, "vm-a")
	number, err := deviceNumber("vm-a", device)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(t.TempDir(), "/dev", "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	user, group := uint32(1234), uint32(78)
	m := Macvtap{Name: "vm-a", Owner: &user, Group: &group}
	if err := m.chown(get(t, "vm-a")); err != nil {
		t.Errorf("without a node: %v", err)
	}
	if err := unix.Mknod("/dev/"+device, unix.S_IFCHR|0o600, int(number)); err != nil {
		t.Fatal(err)
	}
	if err := m.chown(get(t, "vm-a")); err != nil {
		t.Error(err)
	}
	var st unix.Stat_t
	if err := unix.Stat("/dev/"+device, &st); err != nil || st.Uid != user || st.Gid != group {
		t.Errorf("owned by %d:%d, %v", st.Uid, st.Gid, err)
	}
}

func TestLeftoverMacvtapIsMadeAnew(t *testing.T) {
	namespace(t)
	addCard(t, "card")
	m := Macvtap{Name: "vm-a", Link: "card", Mode: "bridge"}
	up(t, m)
	before := index(t, "vm-a")
	m.Mode = "private"
	undo := up(t, m)
	if got := get(t, "vm-a").(*netlink.Macvtap); got.Mode != netlink.MACVLAN_MODE_PRIVATE || index(t, "vm-a") == before {
		t.Errorf("got %+v", got)
	}
	if err := undo(); err != nil || Exists("vm-a") {
		t.Errorf("not removed, %v", err)
	}
}

func TestMacvtapOfAnAdministrator(t *testing.T) {
	namespace(t)
	addCard(t, "card")
	addCard(t, "other")
	uid := uint32(os.Getuid())
	theirs := Macvtap{Name: "vm-a", Link: "card", Mode: "bridge", MAC: testMAC, Owner: &uid}
	administrator(t, theirs.Commands())
	passthru := Macvtap{Name: "vm-p", Link: "third", Mode: "passthru", MAC: testMAC, Owner: &uid}
	addCard(t, "third")
	administrator(t, passthru.Commands())
	administrator(t, []string{"ip link add link card name vm-down type macvtap mode vepa"})
	unprivileged(t)

	for _, m := range []Macvtap{theirs, passthru} {
		if err := up(t, m)(); err != nil || !Exists(m.Name) {
			t.Errorf("%s is gone, or %v", m.Name, err)
		}
	}
	for _, misfit := range []Macvtap{
		{Name: "vm-a", Link: "other", Mode: "bridge"},
		{Name: "vm-a", Link: "card", Mode: "vepa"},
		{Name: "vm-a", Link: "card", Mode: "bridge", MAC: "02:00:00:00:00:02"},
	} {
		_, err := misfit.Up()
		wantError(t, err, `"vm-a" is there already with another`, "ip link delete dev vm-a\n", "type macvtap")
	}
	_, err := Macvtap{Name: "vm-down", Link: "card", Mode: "vepa"}.Up()
	wantError(t, err, "no permission", "ip link set dev vm-down allmulticast on up")
}

func TestBadMacvtap(t *testing.T) {
	namespace(t)
	addCard(t, "card")
	addBridge(t, "br0")
	_, err := Macvtap{Name: "a b", Link: "eth9", Mode: "routed", MAC: "2"}.Up()
	wantError(t, err, `"a b"`, `"eth9" is no network card of this host`, `"card"`, `"routed" (known: private, vepa,`, `"2" is no MAC address`)
	_, err = Macvtap{Name: "br0", Link: "card", Mode: "bridge"}.Up()
	wantError(t, err, `"br0" is there already and is no macvtap`)
	_, err = Macvtap{Name: "vm-a", Link: "lo", Mode: "bridge"}.Up()
	wantError(t, err, `"lo" is no network card`)
	unprivileged(t)
	m := Macvtap{Name: "vm-a", Link: "card", Mode: "bridge"}
	_, err = m.Up()
	wantError(t, err, "no permission", "ip link add link card name vm-a type macvtap mode bridge")
	wantError(t, m.CanCreate(), "CAP_NET_ADMIN", "ip link add link card name vm-a")
}

func index(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("/sys/class/net/" + name + "/ifindex")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}
