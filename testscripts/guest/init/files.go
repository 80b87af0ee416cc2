//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"

	"microvm/testscripts/guest/init/cmdline"
)

// readOrWrite obeys microvm.test.read=PATH and microvm.test.write=PATH:TEXT in
// the order of the command line: a test may read what an earlier boot wrote
// before it writes.
func (g *guest) readOrWrite(p cmdline.Param) error {
	if p.Key == "microvm.test.read" {
		return g.read(p.Value)
	}
	path, text, ok := strings.Cut(p.Value, ":")
	if !ok {
		return fmt.Errorf("%s %q: expected PATH:TEXT", p.Key, p.Value)
	}
	return g.write(path, text)
}

func (g *guest) read(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	g.say("read=%s text=%q", path, text)
	return nil
}

// write returns after the bytes are on the disk: the test may kill the guest.
func (g *guest) write(path, text string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	g.say("write=%s size=%d", path, len(text))
	return nil
}
