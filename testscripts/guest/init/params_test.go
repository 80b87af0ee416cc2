//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"microvm/testscripts/guest/init/cmdline"
)

// obeyed is what a guest with this command line says.
func obeyed(t *testing.T, line string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "console")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g := &guest{params: cmdline.Parse(line), console: &console{file: f}}
	g.obey()
	said, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

func TestObey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	tests := []struct{ line, want string }{
		{"quiet console=ttyS0", ""},
		{
			`"microvm.test.write=` + file + `:two words" microvm.test.read=` + file,
			"guest: write=" + file + " size=9\nguest: read=" + file + " text=\"two words\"\n",
		},
		{
			"microvm.test.typo microvm.test.read=" + file + "2",
			"guest: error=\"open " + file + "2: no such file or directory\"\nguest: error=\"unknown parameter \\\"microvm.test.typo\\\"\"\n",
		},
		{"microvm.test.write=x", "guest: error=\"microvm.test.write \\\"x\\\": expected PATH:TEXT\"\n"},
		{"microvm.test.report=x", "guest: error=\"report \\\"x\\\": no such topic\"\n"},
		{"microvm.test.http=x", "guest: error=\"microvm.test.http \\\"x\\\": expected a port\"\n"},
		{"microvm.test.ip=x", "guest: error=\"address \\\"x\\\": expected IF:CIDR[:GATEWAY]\"\n"},
		{"systemd.mount-extra=a:b", "guest: error=\"systemd.mount-extra \\\"a:b\\\": expected WHAT:WHERE:FSTYPE[:OPTIONS]\"\n"},
	}
	for _, tt := range tests {
		if got := obeyed(t, tt.line); got != tt.want {
			t.Errorf("obey(%q) said\n%swant\n%s", tt.line, got, tt.want)
		}
	}
}

func TestReportHost(t *testing.T) {
	said := obeyed(t, "microvm.test.report=cmdline,cpu,mem")
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if len(lines) != 3 {
		t.Fatalf("report said %q, want three lines", said)
	}
	for i, prefix := range []string{"guest: cmdline=\"", "guest: cpu=", "guest: mem="} {
		if !strings.HasPrefix(lines[i], prefix) {
			t.Errorf("line %d of the report is %q, want it to start with %q", i, lines[i], prefix)
		}
	}
}

func TestValue(t *testing.T) {
	g := &guest{params: cmdline.Parse("a=1 b a=2")}
	for key, want := range map[string]string{"a": "2", "b": "", "c": "otherwise"} {
		if got := g.value(key, "otherwise"); got != want {
			t.Errorf("value(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestSMBIOSStrings(t *testing.T) {
	tests := []struct {
		table string
		want  string
	}{
		{"\x0b\x05\x00\x0e\x02one\x00two\x00\x00", "one,two"},
		{"\x0b\x05\x00\x0e\x00\x00\x00", ""},
		{"\x0b\xff\x00", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := strings.Join(smbiosStrings([]byte(tt.table)), ","); got != tt.want {
			t.Errorf("smbiosStrings(%q) = %q, want %q", tt.table, got, tt.want)
		}
	}
}
