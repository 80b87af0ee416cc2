package runner

import (
	"context"
	"fmt"
	"strings"
)

// State is how grave a finding is.
type State string

// The states.
const (
	Fine State = "ok"
	// Warned is what only some guests need.
	Warned State = "warn"
	// Missing is what every guest needs.
	Missing State = "missing"
)

// Finding is one thing that a host has or lacks.
type Finding struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"`
}

// Examine looks at all that guests may need of this host.
func Examine(ctx context.Context, o HostOptions) []Finding {
	found := []Finding{{Name: "host", State: Fine, Detail: HostSystem()}}
	found = append(found, examineTool(ctx, o, "qemu", Missing, "7.2 or later"))
	found = append(found,
		examineTool(ctx, o, "virtiofsd", Warned, "for shares by virtiofs"),
		examineTool(ctx, o, "mkfs.ext4", Warned, "to create volumes"),
	)
	found = append(found, examineAccel(ctx, o)...)
	return append(found, examineDevices()...)
}

func examineTool(ctx context.Context, o HostOptions, name string, grave State, use string) Finding {
	program := name
	if name == "qemu" {
		program = QEMU{}.Caps().program(name, HostSystem())
	}
	path, err := findTool(name, program, HostSystem(), o.Tools)
	if err != nil {
		return Finding{Name: name, State: grave, Detail: fmt.Sprintf("%v (%s)", err, use), Fix: installHint(name, HostSystem())}
	}
	v := askVersion(ctx, path)
	switch {
	case v != Version{}:
		return Finding{Name: name, State: Fine, Detail: fmt.Sprintf("%s (%s)", path, v)}
	case name == "virtiofsd":
		return Finding{Name: name, State: Warned, Detail: path + " does not tell its version, which the C one does for root only", Fix: "install the Rust virtiofsd"}
	}
	return Finding{Name: name, State: Fine, Detail: path}
}

// examineAccel tells the layers of the judgement, then what guests get.
func examineAccel(ctx context.Context, o HostOptions) []Finding {
	o.Accel = "auto"
	guest := defaultSpec()
	guest.System = strings.Replace(HostSystem(), "darwin", "linux", 1)
	accel, err := chooseAccel(ctx, guest, o)
	if err != nil {
		return []Finding{{Name: "accelerator", State: Warned, Detail: err.Error()}}
	}
	if accel.Kind == "hvf" {
		return []Finding{{Name: "accelerator", State: Fine, Detail: "hvf"}}
	}
	var found []Finding
	for _, l := range judgeKVM(ctx, o).Report.Layers {
		f := Finding{Name: "kvm " + l.Name, State: Fine, Detail: l.Detail, Fix: l.Fix}
		if !l.OK {
			f.State = Warned
		}
		found = append(found, f)
	}
	if accel.Kind == "kvm" {
		return append(found, Finding{Name: "accelerator", State: Fine, Detail: "kvm"})
	}
	return append(found, Finding{Name: "accelerator", State: Warned, Detail: "tcg, which is slow: " + accel.Reason})
}
