package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Install writes the runner of a spec into dir, which must not exist: the spec
// itself, the commands, and the files that microvm.nix's host module reads.
// The commands call program, this one by its path or its name in $PATH.
func Install(specFile string, s *Spec, dir, program string) error {
	document, err := os.ReadFile(specFile)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	w := tree{dir: dir}
	w.file("share/microvm/spec.json", string(document), 0o644)
	w.file("share/microvm/hypervisor", s.Hypervisor+"\n", 0o644)
	w.run(s, program)
	w.scripts(s)
	w.hostFiles(s)
	if s.Boot.Toplevel != "" && s.SystemSymlink {
		w.link("share/microvm/system", s.Boot.Toplevel)
	}
	return errors.Join(w.problems...)
}

// tree writes files below a directory and collects what went wrong.
type tree struct {
	dir      string
	problems []error
}

func (t *tree) file(name, content string, mode os.FileMode) {
	path := filepath.Join(t.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.problems = append(t.problems, err)
		return
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.problems = append(t.problems, err)
	}
}

func (t *tree) link(name, target string) {
	if err := os.Symlink(target, filepath.Join(t.dir, name)); err != nil {
		t.problems = append(t.problems, err)
	}
}

func (t *tree) run(s *Spec, program string) {
	// Other tools than the runner's own are for who names the runner.
	tools := ""
	if len(s.Tools) > 0 {
		tools = " --host-tools guest"
	}
	run := fmt.Sprintf("#!/bin/sh\nexec %s run%s %s \"$@\"\n", ShellQuote(program), tools, ShellQuote(t.dir))
	t.file("bin/microvm-run", run, 0o755)
}

// hostFiles are the ones whose presence microvm.nix's host module goes by.
func (t *tree) hostFiles(s *Spec) {
	flags := "vnet_hdr\n"
	if s.queues() > 1 {
		flags += "multi_queue\n"
	}
	t.file("share/microvm/tap-flags", flags, 0o644)
	var taps, macvtaps, pci strings.Builder
	for _, in := range s.Interfaces {
		switch in.Type {
		case "tap":
			fmt.Fprintln(&taps, in.ID)
		case "macvtap":
			fmt.Fprintln(&macvtaps, in.ID, in.MAC, in.Macvtap.Link, in.Macvtap.Mode)
		}
	}
	for _, d := range s.Devices {
		if d.Bus == "pci" {
			fmt.Fprintln(&pci, d.Path)
		}
	}
	t.some("tap-interfaces", taps.String())
	t.some("macvtap-interfaces", macvtaps.String())
	t.some("pci-devices", pci.String())
	if s.Vsock.CID != nil {
		t.some("vsock-cid", strconv.FormatInt(*s.Vsock.CID, 10)+"\n")
	}
	for _, sh := range s.Shares {
		if sh.Proto == "virtiofs" {
			t.some("virtiofs/"+sh.Tag+"/source", sh.Source+"\n")
			t.some("virtiofs/"+sh.Tag+"/socket", *sh.Socket+"\n")
		}
	}
}

func (t *tree) some(name, content string) {
	if content != "" {
		t.file("share/microvm/"+name, content, 0o644)
	}
}
