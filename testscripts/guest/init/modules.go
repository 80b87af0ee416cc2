//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// modules are those that the initrd brought. Each is loaded when there is a
// device or a file system for it: under emulation, loading all of them takes
// as long as the kernel.
type modules struct {
	dir     string
	needs   map[string][]string
	aliases []alias
	loaded  map[string]bool
}

type alias struct{ pattern, name string }

// openModules reads what the initrd's builder wrote. There is nothing to read
// for a kernel that has everything built in.
func openModules(dir string) (*modules, error) {
	m := &modules{dir: dir, needs: map[string][]string{}, loaded: map[string]bool{}}
	needs, err := os.ReadFile(filepath.Join(dir, "needs"))
	if errors.Is(err, os.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	aliases, err := os.ReadFile(filepath.Join(dir, "alias"))
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(needs)) {
		name, needed, _ := strings.Cut(strings.TrimSpace(line), " ")
		m.needs[name] = strings.Fields(needed)
	}
	for line := range strings.Lines(string(aliases)) {
		pattern, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		m.aliases = append(m.aliases, alias{pattern: pattern, name: name})
	}
	return m, nil
}

// coldplug loads the drivers of all devices, and of those that show up when
// a driver has found its own.
func (m *modules) coldplug() error {
	var failed []error
	for before := -1; before < len(m.loaded); {
		before = len(m.loaded)
		for _, pattern := range []string{"/sys/bus/*/devices/*/modalias", "/sys/class/input/*/modalias"} {
			devices, err := filepath.Glob(pattern)
			failed = append(failed, err)
			for _, device := range devices {
				failed = append(failed, m.loadAlias(sysfs(device)))
			}
		}
	}
	return errors.Join(failed...)
}

// loadAlias loads what claims an alias: a device's modalias, or "fs-TYPE".
func (m *modules) loadAlias(of string) error {
	var failed []error
	for _, name := range m.claimants(of) {
		failed = append(failed, m.load(name))
	}
	return errors.Join(failed...)
}

func (m *modules) claimants(of string) (names []string) {
	for _, a := range m.aliases {
		if ok, err := path.Match(a.pattern, of); ok && err == nil {
			names = append(names, a.name)
		}
	}
	return names
}

// load does nothing the second time, also when the first failed.
func (m *modules) load(name string) error {
	needs, ok := m.needs[name]
	if !ok || m.loaded[name] {
		return nil
	}
	m.loaded[name] = true
	for _, need := range needs {
		if err := m.load(need); err != nil {
			return err
		}
	}
	f, err := os.Open(filepath.Join(m.dir, name+".ko"))
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.FinitModule(int(f.Fd()), "", 0)
	// ENODEV: for a CPU or a chip that this machine does not have.
	if err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("load module %s: %w", name, err)
	}
	return nil
}
