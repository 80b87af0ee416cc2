package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"

	"github.com/urfave/cli/v2"

	"microvm/runner"
	"microvm/runner/kvm"
)

// probeCommandName is what this program is started with to try KVM.
const probeCommandName = "probe-kvm"

func (a *app) probeCommand() *cli.Command {
	return &cli.Command{
		Name:   probeCommandName,
		Usage:  "run a few instructions in a throw-away VM",
		Hidden: true,
		Action: func(*cli.Context) error { return kvm.RunChild(a.stdout) },
	}
}

// reapCommand ends a hypervisor whose supervisor is gone.
func (a *app) reapCommand() *cli.Command {
	return &cli.Command{
		Name:   runner.ReaperCommand,
		Usage:  "end a process when stdin ends",
		Hidden: true,
		Action: func(c *cli.Context) error {
			pid, err := strconv.Atoi(c.Args().First())
			if err != nil {
				return &usageError{fmt.Errorf("%s takes a process number: %w", runner.ReaperCommand, err), ""}
			}
			return runner.Reap(a.stdin, pid, c.Args().Tail())
		},
	}
}

// connectCommand is what QEMU starts for each connection of a guest to a port
// that is forwarded from the guest.
func (a *app) connectCommand() *cli.Command {
	return &cli.Command{
		Name:   "connect",
		Usage:  "connect stdin and stdout to a TCP port",
		Hidden: true,
		Action: func(c *cli.Context) error {
			if c.NArg() != 2 {
				return &usageError{errors.New("connect takes HOST PORT"), ""}
			}
			conn, err := net.Dial("tcp", net.JoinHostPort(c.Args().Get(0), c.Args().Get(1)))
			if err != nil {
				return fmt.Errorf("connect: %w", err)
			}
			defer conn.Close()
			return a.pump(conn)
		},
	}
}

// pump ends when the other side does.
func (a *app) pump(conn net.Conn) error {
	go func() {
		// The guest closing its half is the end of one direction only.
		_, _ = io.Copy(conn, a.stdin)
		if t, ok := conn.(*net.TCPConn); ok {
			_ = t.CloseWrite()
		}
	}()
	_, err := io.Copy(a.stdout, conn)
	return err
}
