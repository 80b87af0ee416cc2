package link

import (
	"errors"
	"os"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func TestTapUpAndUndo(t *testing.T) {
	namespace(t)
	user, group := uint32(1234), uint32(78)
	bridge := addBridge(t, "br0")
	cases := map[string]Tap{
		"vm-plain": {},
		"vm-full":  {Owner: &user, Group: &group, MultiQueue: true, VNetHdr: true, Bridge: "br0", MTU: 1400},
		"a,b;$(x)": {Group: &group, VNetHdr: true},
	}
	for name, tap := range cases {
		tap.Name = name
		undo := up(t, tap)
		got := getTap(t, name)
		if got.NonPersist || got.Mode != netlink.TUNTAP_MODE_TAP || !isUp(got) || !isOurs(got) || got.Queues > 0 {
			t.Errorf("got %+v", got)
		}
		if tap.MultiQueue != (got.Flags&unix.IFF_MULTI_QUEUE != 0) || tap.VNetHdr != (got.Flags&unix.IFF_VNET_HDR != 0) {
			t.Errorf("%s: flags %#x", name, got.Flags)
		}
		if tap.Bridge != "" && got.MasterIndex != bridge.Attrs().Index || tap.MTU != 0 && got.MTU != tap.MTU {
			t.Errorf("%s: master %d, MTU %d", name, got.MasterIndex, got.MTU)
		}
		if tap.Owner != nil && got.Owner != *tap.Owner || tap.Group != nil && got.Group != *tap.Group {
			t.Errorf("%s: owner %d, group %d", name, got.Owner, got.Group)
		}
		for range 2 {
			if err := undo(); err != nil {
				t.Error(err)
			}
			if Exists(name) {
				t.Errorf("%q was not removed", name)
			}
		}
	}
}

func TestTapIsForItsUserAlone(t *testing.T) {
	namespace(t)
	other := uint32(1234)
	up(t, Tap{Name: "vm-own"})
	up(t, Tap{Name: "vm-other", Owner: &other})
	up(t, Tap{Name: "vm-group", Group: &other})
	unprivileged(t)
	fd, err := attach("vm-own", unix.IFF_TAP|unix.IFF_NO_PI)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	for _, name := range []string{"vm-other", "vm-group"} {
		if _, err := attach(name, unix.IFF_TAP|unix.IFF_NO_PI); !errors.Is(err, os.ErrPermission) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestLeftoverTapIsMadeAnew(t *testing.T) {
	namespace(t)
	first := up(t, Tap{Name: "vm-a"})
	index := getTap(t, "vm-a").Index
	second := up(t, Tap{Name: "vm-a", MultiQueue: true})
	got := getTap(t, "vm-a")
	if got.Index == index || got.Flags&unix.IFF_MULTI_QUEUE == 0 {
		t.Errorf("got %+v", got)
	}
	if err := first(); err != nil || !Exists("vm-a") {
		t.Errorf("the first undo removed the second tap, or %v", err)
	}
	if err := second(); err != nil || Exists("vm-a") {
		t.Errorf("not removed, %v", err)
	}
}

func TestTapOfAnAdministratorIsUsedAndKept(t *testing.T) {
	namespace(t)
	uid := uint32(os.Getuid())
	addBridge(t, "br0")
	for _, tap := range []Tap{
		{Name: "vm-a", Owner: &uid, VNetHdr: true},
		{Name: "vm-b", Owner: &uid, MultiQueue: true, Bridge: "br0", MTU: 1400},
	} {
		administrator(t, tap.Commands())
	}
	unprivileged(t)
	for _, tap := range []Tap{{Name: "vm-a", VNetHdr: true}, {Name: "vm-b", MultiQueue: true, Bridge: "br0", MTU: 1400}} {
		undo := up(t, tap)
		if err := undo(); err != nil || !Exists(tap.Name) {
			t.Errorf("%s is gone, or %v", tap.Name, err)
		}
	}
}

func TestTapThatDoesNotFit(t *testing.T) {
	namespace(t)
	other := uint32(1234)
	addBridge(t, "br0")
	addBridge(t, "br1")
	administrator(t, []string{
		"ip tuntap add dev vm-tun mode tun", "ip tuntap add dev vm-down mode tap", "ip tuntap add dev vm-single mode tap",
	})
	administrator(t, Tap{Name: "vm-other", Owner: &other}.Commands())
	unprivileged(t)
	cases := []struct {
		tap  Tap
		want []string
	}{
		{Tap{Name: "br0"}, []string{`"br0" is there already and is no tap`}},
		{Tap{Name: "lo"}, []string{`"lo" is there already and is no tap`}},
		{Tap{Name: "vm-tun"}, []string{"is no tap"}},
		{Tap{Name: "vm-single", MultiQueue: true}, []string{"multi_queue off", "ip link delete dev vm-single\n", "multi_queue\n"}},
		{Tap{Name: "vm-down"}, []string{"no permission", "run once as root:\n  ip link set dev vm-down up"}},
		{Tap{Name: "vm-down", Bridge: "br0"}, []string{`adding it to the bridge "br0"`, "master br0 up"}},
		{Tap{Name: "vm-down", MTU: 1400}, []string{"an MTU of 1400", "mtu 1400"}},
		{Tap{Name: "vm-other"}, []string{"no permission", "ip tuntap add dev vm-other mode tap user 0"}},
		{Tap{Name: "vm-new", VNetHdr: true}, []string{"no permission", "ip tuntap add dev vm-new mode tap user 0 vnet_hdr\n", "dev vm-new up"}},
		{Tap{Name: "a/b", Bridge: "br9"}, []string{`"a/b"`, `"br9" is no bridge of this host`, `"br0", "br1"`}},
		{Tap{Name: "vm-a", Bridge: "lo"}, []string{`"lo" is no bridge`}},
		{Tap{Name: "vm-a", Bridge: "../x"}, []string{`"../x"`}},
	}
	for _, c := range cases {
		undo, err := c.tap.Up()
		if undo != nil {
			t.Errorf("%+v: undo beside an error", c.tap)
		}
		wantError(t, err, c.want...)
	}
	wantError(t, Tap{Name: "vm-new", VNetHdr: true}.CanCreate(), "CAP_NET_ADMIN", "ip tuntap add dev vm-new mode tap user 0 vnet_hdr\n")
}

func TestTapInUse(t *testing.T) {
	namespace(t)
	const flags = unix.IFF_TAP | unix.IFF_NO_PI
	administrator(t, []string{"ip tuntap add dev theirs mode tap"})
	up(t, Tap{Name: "ours"})
	up(t, Tap{Name: "multi", MultiQueue: true})
	for name, more := range map[string]uint16{"theirs": 0, "ours": 0, "multi": unix.IFF_MULTI_QUEUE, "passing": 0} {
		fd, err := attach(name, flags|more)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Tap{Name: name, MultiQueue: more != 0}.Up()
		wantBusy(t, err, name)
		if err := unix.Close(fd); err != nil {
			t.Fatal(err)
		}
		up(t, Tap{Name: name, MultiQueue: more != 0})
	}
}

func TestTapThatCannotBeFinishedVanishes(t *testing.T) {
	namespace(t)
	_, err := Tap{Name: "vm-a", MTU: 1 << 20}.Up()
	wantError(t, err, `"vm-a": setting an MTU of 1048576`)
	nobody := ^uint32(0)
	_, err = Tap{Name: "vm-b", Owner: &nobody}.Up()
	wantError(t, err, `"vm-b": giving it to user or group 4294967295`)
	if Exists("vm-a") || Exists("vm-b") {
		t.Error("left behind")
	}
}
