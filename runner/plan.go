package runner

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// planVersion is the version of a plan's JSON form.
const planVersion = 1

// Plan is a VM resolved to what will be run and made on this host. It is data:
// it can be printed, compared and tested without starting anything.
type Plan struct {
	Version    int        `json:"version"`
	Name       string     `json:"name"`
	Dir        string     `json:"dir"`
	Hypervisor Hypervisor `json:"hypervisor"`
	// Accel is "kvm", "hvf" or "tcg".
	Accel string `json:"accel"`
	// Socket is the control socket; empty is none.
	Socket string  `json:"socket,omitempty"`
	VM     Command `json:"vm"`
	// Daemons are started, in parallel, before the VM.
	Daemons []Daemon `json:"daemons"`
	// Resources are made, in order, before the daemons.
	Resources []Resource `json:"resources"`
	// Notes say where the host overrode the guest.
	Notes []string `json:"notes"`

	backend   Backend
	control   bool
	watch     bool
	queues    []macvtapQueues
	argScript string
	balloon   int
	// switchesUser is set if the hypervisor changes its user once it runs.
	switchesUser bool
	self         string
	terminal     bool
}

// Hypervisor is the program that runs a plan.
type Hypervisor struct {
	Kind    string `json:"kind"`
	Path    string `json:"path"`
	Version string `json:"version"`
}

// PlanOptions are the choices of the host that are not in the spec.
type PlanOptions struct {
	// Dir is the VM's directory, absolute.
	Dir string
	// LockDir is where the lock of a running VM is kept.
	LockDir string
	// Ephemeral discards what the guest writes to its volumes.
	Ephemeral bool
	// Unsupervised plans for Exec, where nobody holds a control socket.
	Unsupervised bool
	// Notes begin the plan's notes.
	Notes []string
}

// NewPlan resolves a spec that passed Check. It is pure: what it needs to know
// of the host is in f.
func NewPlan(s *Spec, b Backend, f Facts, o PlanOptions) (*Plan, error) {
	rt := Runtime{Facts: f, Dir: o.Dir, Ephemeral: o.Ephemeral}
	p := &Plan{
		Version: planVersion, Name: s.Name, Dir: o.Dir, Accel: f.Accel.Kind,
		Daemons: []Daemon{}, Notes: slices.Clone(o.Notes), backend: b, watch: f.Accel.Watch,
		terminal: b.Caps().Terminal,
	}
	tool := f.Tools[b.Caps().Name]
	p.Hypervisor = Hypervisor{b.Caps().Name, tool.Path, tool.Version.String()}
	if s.Socket != nil {
		p.Socket = rt.Path(*s.Socket)
	}
	if f.Accel.Reason != "" {
		p.Notes = append(p.Notes, "accelerator "+f.Accel.Kind+": "+f.Accel.Reason)
	}
	p.inheritFDs(s, &rt, !o.Unsupervised)
	if err := p.fillProcesses(s, rt); err != nil {
		return nil, err
	}
	p.Resources = planResources(s, b.Caps(), rt, o)
	if r, ok := b.(Preparer); ok {
		own, err := r.Resources(s, rt)
		if err != nil {
			return nil, err
		}
		p.Resources = append(p.Resources, own...)
	}
	p.switchesUser, p.self = s.User != nil && f.Root(), f.Self
	if s.Balloon && s.InitialBalloonMem > 0 {
		p.balloon = s.Mem - s.InitialBalloonMem
	}
	if s.ExtraArgsScript != nil {
		p.argScript = *s.ExtraArgsScript
	}
	if p.Notes == nil {
		p.Notes = []string{}
	}
	return p, nil
}

func (p *Plan) fillProcesses(s *Spec, rt Runtime) error {
	for _, sh := range s.Shares {
		if sh.Proto == "virtiofs" && !p.backend.Caps().OwnVirtiofs {
			p.Daemons = append(p.Daemons, virtiofsd(s, sh, rt))
		}
	}
	if h, ok := p.backend.(Helper); ok {
		daemons, err := h.Daemons(s, rt)
		if err != nil {
			return err
		}
		p.Daemons = append(p.Daemons, daemons...)
	}
	vm, err := p.backend.Command(s, rt)
	if err != nil {
		return err
	}
	p.VM = vm
	p.Notes = append(p.Notes, vm.Notes...)
	return nil
}

// macvtapQueues says how often a macvtap is opened for the hypervisor.
type macvtapQueues struct {
	id string
	n  int
}

// firstFD is the first descriptor after stdin, stdout and stderr.
const firstFD = 3

// inheritFDs fixes the numbers of the descriptors that the hypervisor inherits:
// the control socket, then each macvtap's queues.
func (p *Plan) inheritFDs(s *Spec, rt *Runtime, supervised bool) {
	next := firstFD
	if _, ok := p.backend.(Controlled); ok && supervised {
		p.control, rt.ControlFD = true, next
		next++
	}
	rt.FDs = map[string][]int{}
	for _, in := range s.Interfaces {
		if in.Type != "macvtap" {
			continue
		}
		p.queues = append(p.queues, macvtapQueues{in.ID, s.queues()})
		for range s.queues() {
			rt.FDs[in.ID] = append(rt.FDs[in.ID], next)
			next++
		}
	}
}

// Print writes the plan for a reader: one argument a line, notes last.
func (p *Plan) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s\n", p.Name, p.Dir)
	fmt.Fprintf(&b, "hypervisor: %s %s (%s), accelerator %s\n",
		p.Hypervisor.Kind, orElse(p.Hypervisor.Version, "of unknown version"), p.Hypervisor.Path, p.Accel)
	for _, r := range p.Resources {
		fmt.Fprintf(&b, "resource: %s\n", r)
	}
	for _, d := range p.Daemons {
		fmt.Fprintf(&b, "daemon %s, ready when %s appears:\n%s", d.Name, d.Socket, d.lines())
	}
	fmt.Fprintf(&b, "vm:\n%s", p.VM.lines())
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// PrintJSON writes the plan as JSON.
func (p *Plan) PrintJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(p)
}

// lines is the command in shell syntax, a flag and its value a line.
func (c Command) lines() string {
	var b strings.Builder
	b.WriteString("  " + ShellQuote(c.Path))
	for i, a := range c.Args {
		if i > 0 && isFlag(c.Args[i-1]) && !isFlag(a) {
			b.WriteString(" " + ShellQuote(a))
			continue
		}
		b.WriteString(" \\\n    " + ShellQuote(a))
	}
	b.WriteByte('\n')
	return b.String()
}

func isFlag(arg string) bool {
	_, err := strconv.Atoi(arg)
	return strings.HasPrefix(arg, "-") && !strings.Contains(arg, "=") && err != nil
}
