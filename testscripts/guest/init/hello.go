//go:build linux

package main

import (
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// hello is the first line a healthy guest says.
func (g *guest) hello() {
	var name unix.Utsname
	var info unix.Sysinfo_t
	var up unix.Timespec
	g.check(unix.Uname(&name))
	g.check(unix.Sysinfo(&info))
	g.check(unix.ClockGettime(unix.CLOCK_BOOTTIME, &up))
	g.say("hello from %s (Linux %s, %s, %s, %d MiB) up %.2fs",
		unix.ByteSliceToString(name.Nodename[:]), unix.ByteSliceToString(name.Release[:]),
		unix.ByteSliceToString(name.Machine[:]), count(runtime.NumCPU(), "cpu"),
		mebibytes(info), time.Duration(up.Nano()).Seconds())
}

// setHostname is for kernels older than 5.19, which do not know hostname= themselves.
func (g *guest) setHostname() error {
	name := g.value("systemd.hostname", g.value("hostname", ""))
	if name == "" {
		return nil
	}
	if err := unix.Sethostname([]byte(name)); err != nil {
		return fmt.Errorf("hostname %q: %w", name, err)
	}
	return nil
}

func mebibytes(info unix.Sysinfo_t) uint64 { return uint64(info.Totalram) * uint64(info.Unit) >> 20 }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
