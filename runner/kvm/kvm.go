// Package kvm judges whether the kernel's virtual machines really work here,
// and remembers the answer until the host boots again.
//
// A /dev/kvm that can be opened, and even one that runs a few instructions,
// proves little: a module made for paravirtualised guests only, such as PVM,
// interprets everything else at some five hundred nanoseconds an instruction,
// so that an ordinary kernel seems to hang. The judgement is therefore made in
// layers, each of them cheap.
package kvm

import (
	"context"
	"strings"
	"time"
)

const devicePath = "/dev/kvm"

// Verdict sums a Report up.
type Verdict string

const (
	// Works means that ordinary guests run at the hardware's speed.
	Works Verdict = "works"
	// Suspect means that KVM answers, but probably not for an ordinary guest, or
	// that it could not be tried.
	Suspect Verdict = "suspect"
	// Unusable means that no guest can run.
	Unusable Verdict = "unusable"
)

// Report is what was found, layer by layer.
type Report struct {
	// Path is the device.
	Path string `json:"path"`
	// Layers are in the order of judgement, which ends at the first layer that
	// rules out the next.
	Layers []Layer `json:"layers"`
	// Module names the kernel modules behind the device, separated by commas:
	// kvm_intel, kvm_amd, kvm_pvm; kvm alone where it has no parts, as on arm64.
	Module string `json:"module"`
	// Verdict sums the layers up.
	Verdict Verdict `json:"verdict"`
}

// Layer is one judgement.
type Layer struct {
	// Name is device, access, module, guest or speed.
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Detail is what was found, in one line.
	Detail string `json:"detail"`
	// Fix is what the user can do about it; empty if all is well or nothing helps.
	Fix string `json:"fix,omitempty"`
}

// Reason is one line that tells why the verdict is not Works, empty if it is.
func (r Report) Reason() string {
	var details []string
	for _, l := range r.Layers {
		if !l.OK {
			details = append(details, l.Detail)
		}
	}
	return strings.Join(details, "; ")
}

// Options are how Probe runs its child process.
type Options struct {
	// Exe is a program that calls RunChild when started with Args; normally the
	// caller's own.
	Exe  string
	Args []string
	// Timeout is how long the child may take; zero means two seconds.
	Timeout time.Duration
}

// Probe judges the KVM of this host. The throw-away virtual machine runs in a
// child process, because a broken KVM can hang the thread that enters it.
func Probe(ctx context.Context, o Options) Report {
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Second
	}
	return newHost(o).judge(ctx)
}
