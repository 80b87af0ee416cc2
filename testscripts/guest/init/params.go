//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"

	"microvm/testscripts/guest/init/cmdline"
)

// task obeys the parameters of the given keys, one call a parameter.
type task struct {
	keys []string
	run  func(g *guest, p cmdline.Param) error
}

// tasks are in the order in which the guest obeys, whatever the order of the
// command line: a file of a share is read after the share is mounted.
func tasks() []task {
	return []task{
		{[]string{"systemd.mount-extra"}, (*guest).mountExtra},
		{[]string{"microvm.test.ip"}, (*guest).setIP},
		{[]string{"microvm.test.read", "microvm.test.write"}, (*guest).readOrWrite},
		{[]string{"microvm.test.report"}, (*guest).report},
		{[]string{"microvm.test.http"}, (*guest).serveHTTP},
		{[]string{"microvm.test.echo"}, (*guest).startEcho},
	}
}

// settings are the microvm.test.* parameters that are looked up where they matter.
func settings() []string {
	return []string{
		"microvm.test.action", "microvm.test.delay", "microvm.test.ignore-shutdown",
	}
}

func (g *guest) obey() {
	known := settings()
	for _, t := range tasks() {
		known = append(known, t.keys...)
		for _, p := range g.params {
			if slices.Contains(t.keys, p.Key) {
				g.check(t.run(g, p))
			}
		}
	}
	for _, p := range g.params {
		if strings.HasPrefix(p.Key, "microvm.test.") && !slices.Contains(known, p.Key) {
			g.check(fmt.Errorf("unknown parameter %q", p.Key))
		}
	}
}

func (g *guest) has(key string) bool {
	return slices.ContainsFunc(g.params, func(p cmdline.Param) bool { return p.Key == key })
}

// value is the last one given, as most parameters of the kernel have it.
func (g *guest) value(key, otherwise string) string {
	for _, p := range g.params {
		if p.Key == key {
			otherwise = p.Value
		}
	}
	return otherwise
}
