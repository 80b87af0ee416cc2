package runner

import (
	"fmt"
	"strconv"
)

// virtiofsd is the daemon of one share: the Rust one, or, where the version says
// so, the C one that came with QEMU up to 7.2.
func virtiofsd(s *Spec, sh Share, rt Runtime) Daemon {
	tool := rt.Tools["virtiofsd"]
	d := Daemon{
		Name:    "virtiofsd-" + sh.Tag,
		Socket:  rt.Path(*sh.Socket),
		Command: Command{Path: tool.Path, Env: []string{}},
	}
	if isCVirtiofsd(tool.Version) {
		d.Args = cVirtiofsd(s, sh, rt)
	} else {
		d.Args = rustVirtiofsd(s, sh, rt)
	}
	d.Args = append(d.Args, s.Virtiofsd.ExtraArgs...)
	d.Args = append(d.Args, sh.ExtraArgs...)
	return d
}

// isCVirtiofsd goes by the version: the C one has QEMU's.
func isCVirtiofsd(v Version) bool { return v.AtLeast(5, 0) }

// checkVirtiofsd refuses what the host's virtiofsd cannot do. The C one wants
// root even to tell its version.
func checkVirtiofsd(s *Spec, f Facts) []error {
	tool := f.Tools["virtiofsd"]
	isC := isCVirtiofsd(tool.Version)
	needsRoot := tool.Path != "" && !f.Root() && (isC || tool.Version == Version{})
	var problems []error
	for i, sh := range s.Shares {
		switch {
		case sh.Proto != "virtiofs":
		case needsRoot:
			problems = append(problems, fmt.Errorf("shares[%d].proto: %s needs root: use the Rust virtiofsd, or 9p", i, tool.Path))
		case isC && sh.ReadOnly:
			problems = append(problems, fmt.Errorf("shares[%d].readOnly: virtiofsd %s cannot: use the Rust virtiofsd, or 9p", i, tool.Version))
		}
	}
	return problems
}

func rustVirtiofsd(s *Spec, sh Share, rt Runtime) []string {
	args := []string{
		"--socket-path=" + rt.Path(*sh.Socket),
		"--shared-dir=" + rt.Path(sh.Source),
		"--cache=" + sh.Cache,
		"--thread-pool-size=" + strconv.Itoa(s.Virtiofsd.threads(rt)),
	}
	// No --socket-group: the hypervisor connects before it switches users.
	if rt.Root() {
		if h := s.Virtiofsd.InodeFileHandles; h != nil {
			args = append(args, "--inode-file-handles="+*h)
		}
	} else {
		// The namespace sandbox maps users, which needs root or subordinate ids.
		args = append(args, "--sandbox=none")
	}
	if sh.PosixACL {
		args = append(args, "--posix-acl", "--xattr")
	}
	if sh.ReadOnly {
		args = append(args, "--readonly")
	}
	return args
}

func cVirtiofsd(s *Spec, sh Share, rt Runtime) []string {
	cache := map[string]string{"never": "none", "metadata": "auto"}[sh.Cache]
	if cache == "" {
		cache = sh.Cache
	}
	args := []string{
		"--socket-path=" + rt.Path(*sh.Socket),
		"--thread-pool-size=" + strconv.Itoa(s.Virtiofsd.threads(rt)),
		"-o", "source=" + commaEscaped(rt.Path(sh.Source)),
		"-o", "cache=" + cache,
	}
	if sh.PosixACL {
		args = append(args, "-o", "xattr", "-o", "posix_acl")
	}
	return args
}

// threads is the size of the thread pool.
func (v Virtiofsd) threads(rt Runtime) int {
	if v.ThreadPoolSize.Auto {
		return rt.CPUs
	}
	return v.ThreadPoolSize.N
}
