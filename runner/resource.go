package runner

import (
	"context"
	"fmt"
)

// Resource is something of the host that a VM needs: a file that exists, a free
// port, an image, an interface.
type Resource interface {
	fmt.Stringer
	// Check finds what would fail and changes nothing. All resources are
	// checked before the first is made.
	Check(ctx context.Context) error
	// Up makes it, and replaces what a killed run left. The undo function may
	// be nil, and may be called after the thing is already gone.
	Up(ctx context.Context) (undo func() error, err error)
}

// Header begins every resource's JSON form.
type Header struct {
	Kind      string `json:"kind"`
	NeedsRoot bool   `json:"needsRoot"`
}

// checkOnly is embedded by resources that are only looked at.
type checkOnly struct{}

// Up has nothing to make.
func (checkOnly) Up(context.Context) (func() error, error) { return nil, nil }

// planResources lists what the VM needs, in the order in which it is made. The
// lock is first, so that everything after it belongs to one VM.
func planResources(s *Spec, c Caps, rt Runtime, o PlanOptions) []Resource {
	r := []Resource{newLock(s.Name, rt.Dir, o.LockDir)}
	r = append(r, planFiles(s, rt)...)
	for _, f := range s.ForwardPorts {
		if f.From == "host" {
			r = append(r, &Port{Header{"port", f.Host.Port < 1024}, f.Proto, f.Host.Address, f.Host.Port, checkOnly{}})
		}
	}
	for _, path := range s.sockets(c) {
		r = append(r, &Socket{Header{Kind: "socket"}, rt.Path(path)})
	}
	for _, v := range s.Volumes {
		r = append(r, newVolume(v, rt))
	}
	for _, in := range s.Interfaces {
		if l := planLink(s, in, rt); l != nil {
			r = append(r, l)
		}
	}
	for _, d := range s.Devices {
		if d.Bus == "pci" {
			r = append(r, &PCIDevice{Header{"pci", true}, d.Path, checkOnly{}})
		}
	}
	if s.PreStart != nil && *s.PreStart != "" {
		r = append(r, &PreStart{Header{Kind: "preStart"}, *s.PreStart, rt.Dir, s.Tools["bash"]})
	}
	return r
}

// sockets are the paths that the VM's processes listen on.
func (s *Spec) sockets(c Caps) []string {
	var paths []string
	if s.Socket != nil {
		paths = append(paths, *s.Socket)
	}
	for _, sh := range s.Shares {
		if sh.Socket != nil && !c.OwnVirtiofs {
			paths = append(paths, *sh.Socket)
		}
	}
	return paths
}
