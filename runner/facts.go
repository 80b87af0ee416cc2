package runner

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Facts are what planning needs to know of the host. They are gathered once,
// before planning, so that planning itself stays pure.
type Facts struct {
	// System is the host's platform, such as "x86_64-linux".
	System string
	// CPUs is the number of the host's CPUs.
	CPUs int
	// UID is who starts the hypervisor.
	UID int
	// Accel is the accelerator that works for this guest here.
	Accel Accel
	// TSCkHz is the frequency of the host's time stamp counter, 0 if unknown.
	TSCkHz int
	// IOUring is whether the host's kernel lets us use io_uring.
	IOUring bool
	// Tools are the programs found on the host, by their name in the spec.
	Tools map[string]Tool
	// Self is the path of this program, for helpers that it is itself.
	Self string
}

// OS is the host's operating system, as GOOS has it.
func (f Facts) OS() string {
	_, os, _ := strings.Cut(f.System, "-")
	return os
}

// Root is whether the VM is started by root.
func (f Facts) Root() bool { return f.UID == 0 }

// Accel is how the guest's instructions are executed.
type Accel struct {
	// Kind is "kvm", "hvf" or "tcg".
	Kind string
	// Reason is why it is not the faster one; empty when it is.
	Reason string
	// Watch is set when nothing has proven yet that an ordinary kernel boots:
	// the supervisor then watches the boot.
	Watch bool
}

// Tool is a program of the host.
type Tool struct {
	// Path is the program's file.
	Path string
	// Version is what the program says of itself; zero if nobody asked.
	Version Version
}

// Version is a program's version.
type Version struct{ Major, Minor, Patch int }

var versionPattern = regexp.MustCompile(`(\d+)\.(\d+)(?:\.(\d+))?`)

// ParseVersion finds the first version in what a program prints.
func ParseVersion(text string) (Version, error) {
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		return Version{}, fmt.Errorf("no version in %q", text)
	}
	var n [3]int
	for i := range n {
		if m[i+1] == "" {
			continue
		}
		var err error
		if n[i], err = strconv.Atoi(m[i+1]); err != nil {
			return Version{}, fmt.Errorf("version %q: %w", m[0], err)
		}
	}
	return Version{n[0], n[1], n[2]}, nil
}

// AtLeast compares with an older version.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// String is the version with dots, empty for the zero version.
func (v Version) String() string {
	if v == (Version{}) {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}

// ToolNames are the programs of the host that this spec needs or can use.
func (s *Spec) ToolNames(b Backend) []string {
	names := []string{s.Hypervisor}
	for _, sh := range s.Shares {
		if sh.Proto == "virtiofs" && !b.Caps().OwnVirtiofs {
			names = append(names, "virtiofsd")
			break
		}
	}
	seen := map[string]bool{}
	for _, v := range s.Volumes {
		if mkfs := "mkfs." + v.FSType; v.AutoCreate && !seen[mkfs] {
			seen[mkfs] = true
			names = append(names, mkfs)
		}
	}
	return names
}

// Arch is the CPU architecture of a platform such as "x86_64-linux".
func Arch(system string) string {
	arch, _, _ := strings.Cut(system, "-")
	return arch
}

// MaxSocketPath is the longest path of a Unix socket, in bytes: the size of
// sun_path less its terminating zero.
func MaxSocketPath(os string) int {
	if os == "darwin" {
		return 103
	}
	return 107
}
