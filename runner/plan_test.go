package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// linuxHost is a host on which everything works.
func linuxHost(version Version) Facts {
	return Facts{
		System: "x86_64-linux", CPUs: 8, UID: 1000, IOUring: true, TSCkHz: 2600000, Self: "/bin/microvm",
		Accel: Accel{Kind: "kvm"},
		Tools: map[string]Tool{
			"qemu":               {"/bin/qemu-system-x86_64", version},
			"virtiofsd":          {"/bin/virtiofsd", Version{1, 13, 2}},
			"mkfs.ext4":          {"/sbin/mkfs.ext4", Version{}},
			"qemu-bridge-helper": {"/bin/qemu-bridge-helper", Version{}},
		},
	}
}

var qemu10 = Version{10, 0, 13}

// specOf parses a spec that names only what the test is about.
func specOf(t *testing.T, fields string) *Spec {
	t.Helper()
	doc := map[string]any{
		"version": 1, "name": "web", "system": "x86_64-linux",
		"boot": map[string]any{"kernel": "/k/bzImage", "initrd": "/k/initrd", "kernelParams": []string{"root=fstab"}},
	}
	if err := json.Unmarshal([]byte("{"+fields+"}"), &doc); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSpec(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func planOf(t *testing.T, s *Spec, f Facts, o PlanOptions) *Plan {
	t.Helper()
	o.Dir, o.LockDir = "/vms/web", "/run/microvm"
	if err := Check(s, QEMU{}, []Backend{QEMU{}}, f); err != nil {
		t.Fatal(err)
	}
	p, err := NewPlan(s, QEMU{}, f, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlanJSON(t *testing.T) {
	s := specOf(t, `"volumes":[{"image":"var.img","mountPoint":"/var","size":256,"label":"var"}],
		"shares":[{"tag":"src","source":"/src","mountPoint":"/src","proto":"virtiofs"}],
		"interfaces":[{"type":"user","id":"net0"},{"type":"tap","id":"vm-web"}],
		"forwardPorts":[{"host":{"port":80},"guest":{"port":80}}],
		"user":"microvm","balloon":true,"initialBalloonMem":128`)
	p := planOf(t, s, linuxHost(qemu10), PlanOptions{Notes: []string{"mem: the host chose it"}})
	var b bytes.Buffer
	if err := p.PrintJSON(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/plan.json", b.Bytes())
	if !json.Valid(b.Bytes()) {
		t.Error("not JSON")
	}
	b.Reset()
	if err := p.Print(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/plan.txt", b.Bytes())
}

func TestPlanIsPure(t *testing.T) {
	s := specOf(t, `"volumes":[{"image":"var.img","size":256}],"interfaces":[{"type":"user","id":"net0"}]`)
	before := s.Clone()
	first, second := &bytes.Buffer{}, &bytes.Buffer{}
	for _, b := range []*bytes.Buffer{first, second} {
		if err := planOf(t, s, linuxHost(qemu10), PlanOptions{}).PrintJSON(b); err != nil {
			t.Fatal(err)
		}
	}
	if first.String() != second.String() {
		t.Error("two plans of one spec differ")
	}
	var was, is bytes.Buffer
	if err := before.Write(&was); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(&is); err != nil {
		t.Fatal(err)
	}
	if was.String() != is.String() {
		t.Error("planning changed the spec")
	}
}

func TestCheckNamesWhoCan(t *testing.T) {
	s := specOf(t, `"volumes":[{"image":"a.img","size":1,"imageType":"qcow2"}],"balloon":true`)
	err := Check(s, noFeatures{}, []Backend{QEMU{}, noFeatures{}}, Facts{})
	want := "balloon: none does not support a balloon (these do: qemu)\n" +
		"volumes[0].imageType: none does not support qcow2 images (these do: qemu)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestCheckRefusesTheHost(t *testing.T) {
	for system, want := range map[string]string{
		"x86_64-linux":   "",
		"aarch64-darwin": "hypervisor: own runs on linux only, and this host is aarch64-darwin",
	} {
		if got := message(Check(specOf(t, ``), ownVirtiofs{}, nil, Facts{System: system})); got != want {
			t.Errorf("%s: got %q, want %q", system, got, want)
		}
	}
}

func TestHypervisorWithItsOwnVirtiofs(t *testing.T) {
	s := specOf(t, `"shares":[{"tag":"s","source":"/s","mountPoint":"/s","proto":"virtiofs"}]`)
	for _, tt := range []struct {
		b       Backend
		tools   int
		sockets []string
	}{{ownVirtiofs{}, 1, []string{"/vms/web/web.sock"}}, {QEMU{}, 2, []string{"/vms/web/web.sock", "/vms/web/web-virtiofs-s.sock"}}} {
		if names := s.ToolNames(tt.b); len(names) != tt.tools {
			t.Errorf("tools %q, want %d", names, tt.tools)
		}
		p, err := NewPlan(s, tt.b, linuxHost(qemu10), PlanOptions{Dir: "/vms/web"})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Daemons) != tt.tools-1 {
			t.Errorf("daemons %v", p.Daemons)
		}
		var sockets []string
		for _, r := range p.Resources {
			if s, ok := r.(*Socket); ok {
				sockets = append(sockets, s.Path)
			}
		}
		if !slices.Equal(sockets, tt.sockets) {
			t.Errorf("sockets %q, want %q", sockets, tt.sockets)
		}
	}
}

// ownVirtiofs is a hypervisor that needs no virtiofsd.
type ownVirtiofs struct{ noFeatures }

func (ownVirtiofs) Caps() Caps {
	return Caps{Name: "own", HostOS: []string{"linux"}, OwnVirtiofs: true}
}

// noFeatures is a hypervisor that can do nothing.
type noFeatures struct{}

func (noFeatures) Caps() Caps                              { return Caps{Name: "none"} }
func (noFeatures) Command(*Spec, Runtime) (Command, error) { return Command{}, nil }

func TestEveryFeatureCanBeAskedFor(t *testing.T) {
	s := full(t)
	asked := map[Feature]bool{}
	for _, n := range s.Needs() {
		asked[n.Feature] = true
	}
	for _, f := range (QEMU{}).Caps().Features {
		if !asked[f] {
			t.Errorf("no field of testdata/spec/full.json asks for %q", f)
		}
	}
}

func full(t *testing.T) *Spec {
	t.Helper()
	s, err := ReadSpec("testdata/spec/full.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLookup(t *testing.T) {
	if _, err := Lookup([]Backend{QEMU{}}, "qemu"); err != nil {
		t.Error(err)
	}
	_, err := Lookup([]Backend{QEMU{}}, "qmeu")
	if err == nil || err.Error() != `there is no hypervisor "qmeu", did you mean "qemu"?` {
		t.Errorf("got %v", err)
	}
}

func TestWarningsOfResources(t *testing.T) {
	dir := t.TempDir()
	image := filepath.Join(dir, "a.img")
	if err := os.WriteFile(image, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &Plan{Resources: []Resource{&VolumeFile{Path: image, SizeMiB: 2, Create: true}}}
	if w := p.Warnings(); len(w) != 1 || !strings.Contains(w[0], "2 MiB are declared") {
		t.Errorf("got %q", w)
	}
	if err := p.Check(context.Background()); err != nil {
		t.Error(err)
	}
}
