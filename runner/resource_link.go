package runner

import (
	"context"
	"fmt"
	"os/user"
	"strconv"

	"microvm/runner/link"
)

// TapLink is a tap, a port of Bridge if that is set.
type TapLink struct {
	Header
	ID         string `json:"id"`
	Bridge     string `json:"bridge,omitempty"`
	MultiQueue bool   `json:"multiQueue"`
	// User is who may open it.
	User string `json:"user,omitempty"`
}

// MacvtapLink is a macvtap on one of the host's interfaces.
type MacvtapLink struct {
	Header
	ID   string `json:"id"`
	Link string `json:"link"`
	Mode string `json:"mode"`
	MAC  string `json:"mac"`
	User string `json:"user,omitempty"`
}

// planLink is what the host makes for an interface; nil is nothing.
func planLink(s *Spec, in Interface, rt Runtime) Resource {
	var as string
	if s.User != nil {
		as = *s.User
	}
	switch {
	case in.Type == "tap":
		return &TapLink{Header{"tap", true}, in.ID, "", s.queues() > 1, as}
	case in.Type == "bridge" && rt.Root():
		return &TapLink{Header{"tap", true}, in.ID, *in.Bridge, s.queues() > 1, as}
	case in.Type == "macvtap":
		return &MacvtapLink{Header{"macvtap", true}, in.ID, in.Macvtap.Link, in.Macvtap.Mode, in.MAC, as}
	}
	return nil
}

func (t *TapLink) String() string {
	if t.Bridge != "" {
		return fmt.Sprintf("tap %s on bridge %s", t.ID, t.Bridge)
	}
	return "tap " + t.ID
}

func (t *TapLink) tap() (link.Tap, error) {
	owner, err := uidOf(t.User)
	return link.Tap{Name: t.ID, Owner: owner, MultiQueue: t.MultiQueue, VNetHdr: true, Bridge: t.Bridge}, err
}

// Check finds a missing privilege, with the commands that make the tap once.
func (t *TapLink) Check(context.Context) error {
	tap, err := t.tap()
	if err != nil || link.Exists(t.ID) {
		return err
	}
	return tap.CanCreate()
}

// Up makes the tap, or uses the one that is there for us.
func (t *TapLink) Up(context.Context) (func() error, error) {
	tap, err := t.tap()
	if err != nil {
		return nil, err
	}
	return tap.Up()
}

func (m *MacvtapLink) String() string { return fmt.Sprintf("macvtap %s on %s", m.ID, m.Link) }

func (m *MacvtapLink) macvtap() (link.Macvtap, error) {
	owner, err := uidOf(m.User)
	return link.Macvtap{Name: m.ID, Link: m.Link, Mode: m.Mode, MAC: m.MAC, Owner: owner}, err
}

// Check finds a missing privilege.
func (m *MacvtapLink) Check(context.Context) error {
	macvtap, err := m.macvtap()
	if err != nil || link.Exists(m.ID) {
		return err
	}
	return macvtap.CanCreate()
}

// Up makes the macvtap.
func (m *MacvtapLink) Up(context.Context) (func() error, error) {
	macvtap, err := m.macvtap()
	if err != nil {
		return nil, err
	}
	return macvtap.Up()
}

// uidOf is the number of a user; nil if there is no name.
func uidOf(name string) (*uint32, error) {
	if name == "" {
		return nil, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, hinted(fmt.Errorf("user: %w", err), "create the user, or change the option `user`")
	}
	id, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %q: %w", name, err)
	}
	uid := uint32(id)
	return &uid, nil
}
