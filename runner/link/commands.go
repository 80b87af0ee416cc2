package link

import (
	"fmt"
	"strings"
)

// Commands are what an administrator can run, as root, to make the tap once until the next boot. Each can be pasted into
// a shell.
func (t Tap) Commands() []string {
	name := quote(t.Name)
	add := "ip tuntap add dev " + name + " mode tap"
	if t.Owner != nil {
		add += fmt.Sprintf(" user %d", *t.Owner)
	}
	if t.Group != nil {
		add += fmt.Sprintf(" group %d", *t.Group)
	}
	if t.VNetHdr {
		add += " vnet_hdr"
	}
	if t.MultiQueue {
		add += " multi_queue"
	}
	set := "ip link set dev " + name
	if t.MTU != 0 {
		set += fmt.Sprintf(" mtu %d", t.MTU)
	}
	if t.Bridge != "" {
		set += " master " + quote(t.Bridge)
	}
	return []string{add, set + " up"}
}

// Commands are what an administrator can run, as root, to make the macvtap once until the next boot. Each can be pasted
// into a shell.
func (m Macvtap) Commands() []string {
	name := quote(m.Name)
	add := "ip link add link " + quote(m.Link) + " name " + name
	if m.MAC != "" {
		add += " address " + quote(m.MAC)
	}
	commands := []string{
		add + " type macvtap mode " + quote(m.Mode),
		"sysctl -w net/ipv6/conf/" + name + "/disable_ipv6=1",
		"ip link set dev " + name + " allmulticast on up",
	}
	if owner := m.owner(); owner != "" {
		commands = append(commands, fmt.Sprintf(`chown %s "/dev/tap$(cat /sys/class/net/%s/ifindex)"`, owner, name))
	}
	return commands
}

func (m Macvtap) owner() string {
	var user, group string
	if m.Owner != nil {
		user = fmt.Sprint(*m.Owner)
	}
	if m.Group != nil {
		group = fmt.Sprintf(":%d", *m.Group)
	}
	return user + group
}

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@%+="

func quote(word string) string {
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
