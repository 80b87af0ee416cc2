package builders

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"microvm/flake"
)

func TestCheck(t *testing.T) {
	here := flake.Config{System: "x86_64-linux", ExtraPlatforms: []string{"i686-linux"}, MaxJobs: 4}
	with := func(f func(*flake.Config)) flake.Config { c := here; f(&c); return c }
	tests := map[string]struct {
		config flake.Config
		system string
		looked []string // nil means that it can be built
	}{
		"native":         {here, "x86_64-linux", nil},
		"extra platform": {here, "i686-linux", nil},
		"foreign": {here, "aarch64-linux", []string{
			"this machine: builds x86_64-linux, i686-linux, max-jobs 4",
			`the setting builders = "": names no machine`,
		}},
		"no local jobs": {with(func(c *flake.Config) { c.MaxJobs = 0 }), "x86_64-linux", []string{
			"this machine: builds x86_64-linux, i686-linux, max-jobs 0",
			`the setting builders = "": names no machine`,
		}},
		"remote": {with(func(c *flake.Config) { c.Builders = "ssh://arm aarch64-linux" }), "aarch64-linux", nil},
		"remote of another system": {with(func(c *flake.Config) { c.Builders = "ssh://riscv riscv64-linux" }), "aarch64-linux", []string{
			"this machine: builds x86_64-linux, i686-linux, max-jobs 4",
			"builder ssh://riscv: builds riscv64-linux",
		}},
		"external builder": {with(func(c *flake.Config) {
			c.ExternalBuilders = []flake.ExternalBuilder{{Systems: []string{"aarch64-linux"}, Program: "/bin/b"}}
		}), "aarch64-linux", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := Check(tt.config, tt.system)
			if tt.looked == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if !reflect.DeepEqual(e.Looked, tt.looked) {
				t.Errorf("looked at %q, want %q", e.Looked, tt.looked)
			}
		})
	}
}

func TestParseMachines(t *testing.T) {
	files := func(path string) ([]byte, error) {
		switch path {
		case "/machines":
			return []byte("# ours\nssh://a x86_64-linux,i686-linux - 4\n\nssh://b - key # no system\n"), nil
		case "/loop":
			return []byte("@/loop"), nil
		case "/secret":
			return nil, fs.ErrPermission
		}
		return nil, fs.ErrNotExist
	}
	tests := []struct {
		text string
		want []machine
		err  string
	}{
		{"", nil, ""},
		{"@/missing", nil, ""},
		{"@/loop", nil, ""},
		{"@/secret", nil, "permission denied"},
		{"@/machines", []machine{{"ssh://a", []string{"x86_64-linux", "i686-linux"}}, {"ssh://b", []string{"s"}}}, ""},
		{" ssh://a x ; ssh://b y # z ; w\n\tssh://c", []machine{{"ssh://a", []string{"x"}}, {"ssh://b", []string{"y"}}, {"ssh://c", []string{"s"}}}, ""},
	}
	for _, tt := range tests {
		got, err := parseMachines(tt.text, "s", files)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: error %v, want %q", tt.text, err, tt.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: got %v, %v, want %v", tt.text, got, err, tt.want)
		}
	}
}

func FuzzParseMachines(f *testing.F) {
	f.Add("ssh://a x86_64-linux - 1 1 kvm\n@/etc/nix/machines ; b # c")
	f.Fuzz(func(t *testing.T, text string) {
		machines, err := parseMachines(text, "s", func(string) ([]byte, error) { return []byte(text), nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range machines {
			if m.uri == "" || len(m.systems) == 0 {
				t.Errorf("%q gives a machine %v", text, m)
			}
		}
	})
}
