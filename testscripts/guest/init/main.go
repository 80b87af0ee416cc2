//go:build linux

// Command init is PID 1 of the guests that demo and tests boot. It mounts the
// usual file systems, loads the initrd's modules, says who it is, does what
// the microvm.test.* kernel parameters ask for and nothing else, and powers
// off. All it says is lines "guest: ..." on the console, for tests to read.
package main

import (
	"errors"
	"fmt"
	"os"

	"microvm/testscripts/guest/init/cmdline"
)

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "error: this is the init of a test guest, it must be PID 1")
		os.Exit(1)
	}
	g, err := boot()
	if err != nil {
		fmt.Fprintf(os.Stderr, "guest: error=%v\n", err)
		os.Exit(1)
	}
	g.hello()
	g.obey()
	g.leave(g.chooseEnd())
	os.Exit(1) // The kernel panics when PID 1 exits.
}

// guest is what the tasks share.
type guest struct {
	params  []cmdline.Param
	console *console
	modules *modules
	// shutdown says how the host asked the guest to power off.
	shutdown <-chan string
	mounted  []string
}

// boot brings the guest to where it can talk. What goes wrong on the way but
// does not prevent that is said once it can.
func boot() (*guest, error) {
	if err := mountKernel(); err != nil {
		return nil, err
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return nil, err
	}
	m, openErr := openModules("/modules")
	plugErr := m.coldplug()
	c, err := openConsole("/dev/console") // hvc0 is there only after its module
	if err != nil {
		return nil, err
	}
	g := &guest{params: cmdline.Parse(string(line)), console: c, modules: m}
	g.check(errors.Join(openErr, plugErr))
	g.check(quietKernel())
	g.check(g.setHostname())
	g.check(linkDisks())
	g.check(setLoopback())
	g.shutdown, err = watchShutdown(g.has("microvm.test.ignore-shutdown"))
	g.check(err)
	return g, nil
}

func (g *guest) say(format string, args ...any) { g.console.say(format, args...) }

// check says that something failed. The guest goes on: a test wants to see
// everything that went wrong.
func (g *guest) check(err error) {
	if err != nil {
		g.say("error=%q", err)
	}
}
