package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file of testdata, or rewrites it with -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is out of date, run go test -update; got:\n%s", file, got)
	}
}

// parseSpec parses a minimal spec with further fields, written as in an object.
func parseSpec(t *testing.T, fields string) *Spec {
	t.Helper()
	s, err := ParseSpec(strings.NewReader(specText(fields)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func specText(fields string) string {
	text := `{"version": 1, "name": "web", "system": "x86_64-linux", "boot": {"kernel": "/k"}`
	if fields != "" {
		text += ", " + fields
	}
	return text + "}"
}

func written(t *testing.T, s *Spec) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParseSpecFillsDefaults(t *testing.T) {
	s, err := ReadSpec(filepath.Join("testdata", "spec", "minimal.json"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "spec", "minimal.complete.json"), written(t, s))
}

func TestParseSpecReadsEveryField(t *testing.T) {
	file := filepath.Join("testdata", "spec", "full.json")
	s, err := ReadSpec(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Errorf("full.json is not valid:\n%v", err)
	}
	var got, want any
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(json.Unmarshal(written(t, s), &got), json.Unmarshal(text, &want)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("full.json comes back as:\n%s", written(t, s))
	}
}

func TestParseSpecTellsAbsentFromNull(t *testing.T) {
	tests := []struct {
		fields string
		got    func(*Spec) any
		want   any
	}{
		{``, func(s *Spec) any { return *s.Socket }, "web.sock"},
		{`"socket": null`, func(s *Spec) any { return s.Socket }, (*string)(nil)},
		{`"socket": "x"`, func(s *Spec) any { return *s.Socket }, "x"},
		{``, func(s *Spec) any { return *s.MachineID }, "dc449f31-234a-af5f-a0e8-2c21ab644d76"},
		{`"machineId": null`, func(s *Spec) any { return s.MachineID }, (*string)(nil)},
		{``, func(s *Spec) any { return *s.Virtiofsd.Group }, "kvm"},
		{`"virtiofsd": {"group": null}`, func(s *Spec) any { return s.Virtiofsd.Group }, (*string)(nil)},
		{`"vfkit": {"logLevel": null}`, func(s *Spec) any { return s.Vfkit.LogLevel }, (*string)(nil)},
		{``, func(s *Spec) any { return s.QEMU.MachineOpts == nil }, true},
		{`"qemu": {"machineOpts": {}}`, func(s *Spec) any { return s.QEMU.MachineOpts == nil }, false},
		{`"machineId": null, "interfaces": [{"id": "net0"}]`, func(s *Spec) any { return s.Interfaces[0].MAC }, "02:0c:bf:6f:a9:26"},
		{`"hotplugMem": 64`, func(s *Spec) any { return s.HotpluggedMem }, 64},
		{`"hotplugMem": 64, "hotpluggedMem": 0`, func(s *Spec) any { return s.HotpluggedMem }, 0},
		{`"hotpluggedMem": -1`, func(s *Spec) any { return s.HotpluggedMem }, -1},
		{``, func(s *Spec) any { return s.QEMU.Machine }, "microvm"},
		{``, func(s *Spec) any { return s.Graphics.Socket }, "web-gpu.sock"},
		{`"virtiofsd": {"threadPoolSize": 3}`, func(s *Spec) any { return s.Virtiofsd.ThreadPoolSize }, ThreadPoolSize{N: 3}},
		{`"virtiofsd": {"threadPoolSize": "3"}`, func(s *Spec) any { return s.Virtiofsd.ThreadPoolSize }, ThreadPoolSize{N: 3}},
		{"\"virtiofsd\": {\"threadPoolSize\": \"`nproc`\"}", func(s *Spec) any { return s.Virtiofsd.ThreadPoolSize.Auto }, true},
		{`"virtiofsd": {"threadPoolSize": "auto"}`, func(s *Spec) any { return s.Virtiofsd.ThreadPoolSize.Auto }, true},
	}
	for _, test := range tests {
		if got := test.got(parseSpec(t, test.fields)); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.fields, got, test.want)
		}
	}
}

func TestParseSpecFillsElements(t *testing.T) {
	s := parseSpec(t, `"volumes": [{"image": "a"}], "forwardPorts": [{}],
		"shares": [{"tag": "a"}, {"tag": "b", "proto": "virtiofs"}, {"tag": "c", "proto": "virtiofs", "socket": null}],
		"interfaces": [{"type": "user", "id": "net0"}, {"type": "user", "id": "net1", "mac": "02:00:00:00:00:01"}]`)
	if v := s.Volumes[0]; !v.AutoCreate || v.FSType != "ext4" || v.ImageType != "raw" || v.MountPoint != nil {
		t.Errorf("volume: %+v", v)
	}
	if f := s.ForwardPorts[0]; f.From != "host" || f.Proto != "tcp" {
		t.Errorf("forwarded port: %+v", f)
	}
	if sh := s.Shares[0]; sh.Socket != nil || sh.Proto != "9p" || sh.SecurityModel != "none" || sh.Cache != "auto" || !sh.PosixACL {
		t.Errorf("9p share: %+v", sh)
	}
	if sh := s.Shares[1]; *sh.Socket != "web-virtiofs-b.sock" {
		t.Errorf("virtiofs share: %+v", sh)
	}
	if sh := s.Shares[2]; sh.Socket != nil {
		t.Errorf("virtiofs share with null: socket %q", *sh.Socket)
	}
	// The addresses are part of the format: a guest's network is set up by them.
	for i, want := range []string{"02:e5:b1:3d:bc:7c", "02:00:00:00:00:01"} {
		if got := s.Interfaces[i].MAC; got != want {
			t.Errorf("interface %d: mac %s, want %s", i, got, want)
		}
	}
}

func TestParseSpecPicksTheMachineByTheSystem(t *testing.T) {
	text := strings.Replace(specText(""), "x86_64", "aarch64", 1)
	s, err := ParseSpec(strings.NewReader(text))
	if err != nil || s.QEMU.Machine != "virt" {
		t.Errorf("got %v, error %v", s.QEMU.Machine, err)
	}
}

func TestParseSpecRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", ``, `spec is not JSON: at byte 0: unexpected end of JSON input`},
		{"half", `{"version": 1`, `spec is not JSON: at byte 13: unexpected end of JSON input`},
		{"trailing data", `{"version": 1} {}`, `spec is not JSON: at byte 16: invalid character '{' after top-level value`},
		{"list", `[]`, `spec: got a list, want an object`},
		{"null", `null`, `spec has no "version"`},
		{"no version", `{}`, `spec has no "version"`},
		{"version of the wrong type", `{"version": "1"}`, `spec.version: got a string, want a whole number`},
		{"newer version", `{"version": 2, "later": 1}`, `spec has version 2, but this microvm reads version 1`},
		{"version 0", `{"version": 0}`, `spec has version 0, but this microvm reads version 1`},
		{"unknown fields", specText(`"memory": 1, "volumes": [{"imgae": "a"}], "qemu": {"zzzzzzzz": 1}`),
			`spec: there is no field "memory", did you mean "mem"?` + "\n" +
				`spec.volumes[0]: there is no field "imgae", did you mean "image"?` + "\n" +
				`spec.qemu: there is no field "zzzzzzzz"`},
		{"capitals", specText(`"Mem": 1`), `spec: there is no field "Mem", did you mean "mem"?`},
		{"twice", specText(`"mem": 1, "mem": 2, "tools": {"a": "/a", "a": "/b"}`),
			`spec: "mem" is written twice` + "\n" + `spec.tools: "a" is written twice`},
		{"wrong types", specText(`"vcpu": "2", "mem": 1.5, "balloon": 1, "socket": [], "volumes": {}, "shares": [1],
				"tools": [], "vsock": {"cid": true}, "qemu": null, "deflateOnOOM": null,
				"virtiofsd": {"threadPoolSize": null}, "credentialFiles": {"k": {}}, "interfaces": [null],
				"hotplugMem": 9223372036854775808`),
			`spec.vcpu: got a string, want a whole number
spec.mem: got 1.5, want a whole number
spec.balloon: got 1, want true or false
spec.socket: got a list, want a string
spec.volumes: got an object, want a list
spec.shares[0]: got 1, want an object
spec.tools: got a list, want an object
spec.vsock.cid: got true, want a whole number
spec.qemu: got null, want an object
spec.deflateOnOOM: got null, want true or false
spec.virtiofsd.threadPoolSize: got null, want a whole number or "auto"
spec.credentialFiles.k: got an object, want a string
spec.interfaces[0]: got null, want an object
spec.hotplugMem: got 9223372036854775808, want a whole number`},
		{"thread pool", specText(`"virtiofsd": {"threadPoolSize": "many"}`),
			`spec: threadPoolSize: "many" is neither a number nor "auto"`},
		{"negative thread pool", specText(`"virtiofsd": {"threadPoolSize": -1}`),
			`spec: threadPoolSize: -1 is neither a number nor "auto"`},
		{"too large", strings.Repeat(" ", maxSpecBytes+1), `spec is larger than 1 MiB`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := ParseSpec(strings.NewReader(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %+v, error:\n%v\nwant:\n%s", s, err, test.want)
			}
		})
	}
}

func TestParseSpecTakesNullForEmptyLists(t *testing.T) {
	s := parseSpec(t, `"volumes": null, "tools": null, "firecracker": {"cpu": null, "extraConfig": {"a": [{"b": null}]}}`)
	if len(s.Volumes) != 0 || len(s.Tools) != 0 || s.Firecracker.CPU != nil {
		t.Errorf("got %+v", s)
	}
}

func TestParseSpecOfNewerVersionHints(t *testing.T) {
	_, err := ParseSpec(strings.NewReader(`{"version": 2}`))
	var h interface{ Hint() string }
	if !errors.As(err, &h) || !strings.Contains(h.Hint(), "newer microvm") {
		t.Errorf("error %v has no hint about a newer microvm", err)
	}
}

func TestReadSpecNamesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spec.json")
	if err := os.WriteFile(file, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSpec(file); err == nil || err.Error() != file+`: spec has no "version"` {
		t.Errorf("got %v", err)
	}
	if _, err := ReadSpec(file + ".missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want not exist", err)
	}
}

func TestCloneIsDeep(t *testing.T) {
	s, err := ReadSpec(filepath.Join("testdata", "spec", "full.json"))
	if err != nil {
		t.Fatal(err)
	}
	before := written(t, s)
	c := s.Clone()
	if !reflect.DeepEqual(s, c) {
		t.Fatalf("the copy differs: %+v", c)
	}
	*c.Socket = "other.sock"
	c.Volumes[0].Image = "other.img"
	*c.Volumes[0].Label = "other"
	c.Tools["qemu"] = "/other"
	c.Firecracker.ExtraConfig["other"] = true
	if after := written(t, s); !bytes.Equal(before, after) {
		t.Errorf("changing the copy changed the original:\n%s", after)
	}
}

func FuzzParseSpec(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "spec", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, fields := range []string{`"vcpu": "2", "volumes": [{"x": {}}]`, `"firecracker": {"cpu": {"a": [1e300, {}]}}`} {
		f.Add([]byte(specText(fields)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseSpec(bytes.NewReader(text))
		if err != nil {
			return
		}
		s.Warnings()
		if c := s.Clone(); !reflect.DeepEqual(s, c) {
			t.Fatalf("clone: got %+v, want %+v", c, s)
		}
		if s.Validate() != nil {
			return
		}
		again, err := ParseSpec(bytes.NewReader(written(t, s)))
		if err != nil {
			t.Fatalf("what was written does not parse: %v", err)
		}
		if !reflect.DeepEqual(s, again) {
			t.Fatalf("written and parsed again: got %+v, want %+v", again, s)
		}
	})
}
