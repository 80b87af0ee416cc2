package kvm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// maxNsPerInstruction parts hardware, at most a few nanoseconds even when
// nested, from interpretation: 440 to 530 were measured under PVM.
const maxNsPerInstruction = 50

// host is the only door to the system, so that tests can fake one.
type host struct {
	root  string // holds dev, proc and sys
	arch  string // as GOARCH has it
	stat  func() (node, error)
	open  func() error
	group func(gid uint32) string // empty if the group has no name
	child func(context.Context) (answer, error)
}

// node identifies a device file.
type node struct {
	Mode fs.FileMode `json:"mode"`
	UID  uint32      `json:"uid"`
	GID  uint32      `json:"gid"`
	Rdev uint64      `json:"rdev"`
}

// answer is what the child process prints.
type answer struct {
	// Error is why the virtual machine failed, Fix what helps.
	Error string `json:"error,omitempty"`
	Fix   string `json:"fix,omitempty"`
	// Instructions is how many ran in Nanoseconds of CPU time; zero where none are
	// tried.
	Instructions int64 `json:"instructions"`
	Nanoseconds  int64 `json:"nanoseconds"`
}

// errNotStarted is a child that could not be tried, which says nothing of KVM.
var errNotStarted = errors.New("the probe could not be started")

func (h host) judge(ctx context.Context) Report {
	modules := h.modules()
	r := Report{Path: devicePath, Module: strings.Join(modules, ","), Verdict: Unusable}
	n, err := h.stat()
	if !r.add(h.deviceLayer(n, err)) || !r.add(h.accessLayer(n)) {
		return r
	}
	trusted := r.add(h.moduleLayer(modules))
	a, err := h.child(ctx)
	if !r.add(guestLayer(a, err)) {
		if errors.Is(err, errNotStarted) {
			r.Verdict = Suspect
		}
		return r
	}
	if a.Instructions > 0 && !r.add(speedLayer(a)) || !trusted {
		r.Verdict = Suspect
		return r
	}
	r.Verdict = Works
	return r
}

func (r *Report) add(l Layer) bool {
	r.Layers = append(r.Layers, l)
	return l.OK
}

func (h host) deviceLayer(n node, err error) Layer {
	l := Layer{Name: "device"}
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		l.Detail = "not Linux: there is no KVM"
	case errors.Is(err, fs.ErrNotExist):
		l.Detail, l.Fix = devicePath+" does not exist", h.missingFix()
	case err != nil:
		l.Detail = err.Error()
	case n.Mode&fs.ModeCharDevice == 0:
		l.Detail = devicePath + " is not a device"
		l.Fix = "remove it; if this is a container, start it with --device " + devicePath
	default:
		l.OK, l.Detail = true, devicePath+" exists"
	}
	return l
}

func (h host) accessLayer(n node) Layer {
	l := Layer{Name: "access"}
	err := h.open()
	switch {
	case err == nil:
		l.OK, l.Detail = true, "this user may use it"
	case errors.Is(err, syscall.EACCES):
		l.Detail, l.Fix = "this user may not use "+devicePath, h.permissionFix(n)
	case errors.Is(err, syscall.EPERM):
		l.Detail = "this container may not use " + devicePath
		l.Fix = "start it with --device " + devicePath
	case errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		l.Detail, l.Fix = "no kernel module stands behind "+devicePath, h.missingFix()
	default:
		l.Detail = err.Error()
	}
	return l
}

func (h host) moduleLayer(modules []string) Layer {
	l := Layer{Name: "module", OK: true, Detail: strings.Join(modules, ", ")}
	pvm, hardware := false, false
	for _, m := range modules {
		pvm = pvm || m == "kvm_pvm"
		hardware = hardware || m == "kvm_intel" || m == "kvm_amd"
	}
	switch {
	case pvm && !hardware:
		l.OK = false
		l.Detail = "only kvm_pvm stands behind " + devicePath + ", which is for paravirtualised guest kernels"
		l.Fix = h.hardwareFix()
	case len(modules) == 0:
		l.Detail = "/sys does not tell"
	}
	if h.nested() {
		l.Detail += " (this host is itself a virtual machine)"
	}
	return l
}

func guestLayer(a answer, err error) Layer {
	l := Layer{Name: "guest"}
	switch {
	case err != nil:
		l.Detail = err.Error()
	case a.Error != "":
		l.Detail, l.Fix = "a virtual machine fails: "+a.Error, a.Fix
	case a.Instructions == 0:
		l.OK, l.Detail = true, "a virtual CPU can be made; it was not run"
	default:
		l.OK, l.Detail = true, "a throw-away virtual machine ran"
	}
	return l
}

func speedLayer(a answer) Layer {
	ns := float64(a.Nanoseconds) / float64(a.Instructions)
	l := Layer{Name: "speed", OK: ns <= maxNsPerInstruction, Detail: fmt.Sprintf("%.2g ns an instruction", ns)}
	if !l.OK {
		l.Detail = fmt.Sprintf("%s takes %.0f ns an instruction: it interprets ordinary guests, slower than software emulation", devicePath, ns)
	}
	return l
}
