//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"microvm/testscripts/guest/init/cmdline"
)

const (
	powerOff = "poweroff"
	reboot   = "reboot"
	halt     = "halt"
	crash    = "panic"
)

func actions() map[string]func(*guest) string {
	always := func(end string) func(*guest) string { return func(*guest) string { return end } }
	return map[string]func(*guest) string{
		powerOff:     always(powerOff),
		reboot:       always(reboot),
		halt:         always(halt),
		crash:        always(crash),
		"wait":       (*guest).wait,
		"hang":       (*guest).hang,
		"shell-echo": (*guest).shell,
	}
}

// chooseEnd does what microvm.test.action says, after microvm.test.delay, and
// returns the way to leave.
func (g *guest) chooseEnd() string {
	delay, err := time.ParseDuration(g.value("microvm.test.delay", "0s"))
	g.check(err)
	select {
	case how := <-g.shutdown:
		return g.obeyHost(how)
	case <-time.After(delay):
	}
	name := g.value("microvm.test.action", powerOff)
	act, ok := actions()[name]
	if !ok {
		g.check(fmt.Errorf("unknown action %q", name))
		return powerOff
	}
	return act(g)
}

func (g *guest) wait() string {
	g.say("waiting")
	return g.obeyHost(<-g.shutdown)
}

func (g *guest) obeyHost(how string) string {
	g.say("shutdown=%s", how)
	return powerOff
}

// hang is a guest that reacts to nothing.
func (g *guest) hang() string {
	g.say("hanging")
	for {
		if err := unix.Pause(); !errors.Is(err, unix.EINTR) {
			g.check(err)
		}
	}
}

// shell echoes what is typed until that is a way to leave. "report LIST" does
// what microvm.test.report=LIST does.
func (g *guest) shell() string {
	typed, err := g.console.lines()
	g.check(err)
	g.say("waiting")
	for {
		select {
		case how := <-g.shutdown:
			return g.obeyHost(how)
		case line := <-typed:
			g.say("echo=%q", line)
			if line == powerOff || line == reboot || line == halt || line == crash {
				return line
			}
			if topics, ok := strings.CutPrefix(line, "report "); ok {
				g.check(g.report(cmdline.Param{Value: topics}))
			}
		}
	}
}

// startEcho echoes what is typed beside whatever else the guest does.
func (g *guest) startEcho(cmdline.Param) error {
	if g.value("microvm.test.action", powerOff) == "shell-echo" {
		return nil // the shell reads the console
	}
	typed, err := g.console.lines()
	if err != nil {
		return err
	}
	go func() {
		for line := range typed {
			g.say("echo=%q", line)
		}
	}()
	return nil
}

// leave returns only if the way to leave is a panic or the kernel knows no other.
func (g *guest) leave(end string) {
	g.check(g.unmountExtra())
	unix.Sync()
	g.say("action=%s", end)
	g.check(g.console.drain())
	command, ok := map[string]int{
		powerOff: unix.LINUX_REBOOT_CMD_POWER_OFF,
		reboot:   unix.LINUX_REBOOT_CMD_RESTART,
		halt:     unix.LINUX_REBOOT_CMD_HALT,
	}[end]
	if !ok {
		return
	}
	if end == powerOff && !canPowerOff() {
		command = unix.LINUX_REBOOT_CMD_RESTART
	}
	g.check(unix.Reboot(command))
}

// canPowerOff is false on a PC without ACPI, such as QEMU's microvm with
// acpi=off. Its hypervisor ends when the guest resets.
func canPowerOff() bool {
	_, err := os.Stat("/sys/firmware/acpi")
	return err == nil || runtime.GOARCH != "amd64"
}
