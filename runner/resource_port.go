package runner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// Port is a port of the host that must be free.
type Port struct {
	Header
	Proto   string `json:"proto"`
	Address string `json:"address"`
	Port    int    `json:"port"`
	checkOnly
}

func (p *Port) String() string {
	return fmt.Sprintf("%s port %s", p.Proto, p.hostPort())
}

func (p *Port) hostPort() string { return net.JoinHostPort(p.Address, strconv.Itoa(p.Port)) }

// Check binds the port and lets it go.
func (p *Port) Check(ctx context.Context) error {
	var lc net.ListenConfig
	var err error
	if p.Proto == "udp" {
		c, e := lc.ListenPacket(ctx, "udp4", p.hostPort())
		if err = e; e == nil {
			err = c.Close()
		}
	} else {
		l, e := lc.Listen(ctx, "tcp4", p.hostPort())
		if err = e; e == nil {
			err = l.Close()
		}
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return hinted(fmt.Errorf("%s is already in use", p),
			"find who has it with `ss -lnp sport = :%d`, or publish another one: -p OTHER:GUEST", p.Port)
	case errors.Is(err, syscall.EACCES):
		return hinted(fmt.Errorf("%s may be opened by root only", p), "publish a port from 1024 on")
	case err != nil:
		return fmt.Errorf("%s: %w", p, err)
	}
	return nil
}
