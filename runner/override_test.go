package runner

import (
	"reflect"
	"strings"
	"testing"
)

func TestParsePublish(t *testing.T) {
	tests := []struct {
		text string
		want ForwardPort
		err  string
	}{
		{"8080:80", ForwardPort{"host", "tcp", Endpoint{"", 8080}, Endpoint{"", 80}}, ""},
		{"127.0.0.1:5353:53/udp", ForwardPort{"host", "udp", Endpoint{"127.0.0.1", 5353}, Endpoint{"", 53}}, ""},
		{"80", ForwardPort{}, `publish "80" is not [ADDRESS:]HOSTPORT:GUESTPORT[/PROTOCOL]`},
		{"a:b:c:d", ForwardPort{}, `publish "a:b:c:d" is not [ADDRESS:]HOSTPORT:GUESTPORT[/PROTOCOL]`},
		{"0:80", ForwardPort{}, `publish "0:80": "0" is not a port from 1 to 65535`},
		{"1:65536", ForwardPort{}, `publish "1:65536": "65536" is not a port from 1 to 65535`},
		{"+1:2", ForwardPort{}, `publish "+1:2": "+1" is not a port from 1 to 65535`},
		{"1:2/", ForwardPort{}, `publish "1:2/": protocol "" is neither tcp nor udp`},
	}
	for _, tt := range tests {
		got, err := ParsePublish(tt.text)
		checkParsed(t, tt.text, got, tt.want, err, tt.err)
	}
}

func TestParseMiB(t *testing.T) {
	tests := []struct {
		text string
		want int
		err  string
	}{
		{"512", 512, ""}, {"512M", 512, ""}, {"512MiB", 512, ""}, {"2G", 2048, ""}, {"2GB", 2048, ""}, {"1T", 1 << 20, ""},
		{"0", 0, `"0" is not a size`}, {"-1", 0, `"-1" is not a size`}, {"1.5G", 0, `"1.5G" is not a size`},
		{"", 0, `"" is not a size`}, {"99999999999999999", 0, `"99999999999999999" is not a size`},
	}
	for _, tt := range tests {
		got, err := ParseMiB(tt.text)
		checkParsed(t, tt.text, got, tt.want, err, tt.err)
	}
}

func TestParseVolume(t *testing.T) {
	volume := func(image string, size int, ro bool, format string) Volume {
		return Volume{
			Image: image, Size: size, ReadOnly: ro, AutoCreate: size > 0, FSType: "ext4", ImageType: format, MkfsExtraArgs: []string{},
		}
	}
	tests := []struct {
		text string
		want Volume
		err  string
	}{
		{"a.img:64M", volume("a.img", 64, false, "raw"), ""},
		{"/dev/sdb:ro", volume("/dev/sdb", 0, true, "raw"), ""},
		{"a:b.img:1G:ro", volume("a:b.img", 1024, true, "raw"), ""},
		{"a.qcow2", volume("a.qcow2", 0, false, "qcow2"), ""},
		{"", Volume{}, `volume "" names no image`},
		{"a.img:big", Volume{}, `volume "a.img:big": "big" is not a size`},
	}
	for _, tt := range tests {
		got, err := ParseVolume(tt.text)
		checkParsed(t, tt.text, got, tt.want, err, tt.err)
	}
}

func TestParseShare(t *testing.T) {
	share := func(source, mountPoint, tag string, ro bool) Share {
		s := defaultShare()
		s.Source, s.MountPoint, s.Tag, s.ReadOnly = source, mountPoint, tag, ro
		return s
	}
	tests := []struct {
		text string
		want Share
		err  string
	}{
		{"./src:/src", share("./src", "/src", "host-src", false), ""},
		{"/a:b:/mnt/c/:ro", share("/a:b", "/mnt/c/", "host-mnt-c", true), ""},
		{"/a:/" + strings.Repeat("x", 40), share("/a", "/"+strings.Repeat("x", 40), "host-"+strings.Repeat("x", 18)+"211d34c6", false), ""},
		{"src", Share{}, `share "src" is not SOURCE:MOUNTPOINT[:ro]`},
		{"src:dst", Share{}, `share "src:dst" is not SOURCE:MOUNTPOINT[:ro]`},
		{":/dst", Share{}, `share ":/dst" is not SOURCE:MOUNTPOINT[:ro]`},
		{"/a:/b init=/bin/sh", Share{}, `share "/a:/b init=/bin/sh": the mount point may not hold blanks, quotes or colons`},
	}
	for _, tt := range tests {
		got, err := ParseShare(tt.text)
		checkParsed(t, tt.text, got, tt.want, err, tt.err)
	}
}

func checkParsed[T any](t *testing.T, text string, got, want T, err error, wantErr string) {
	t.Helper()
	switch {
	case wantErr != "":
		if err == nil || err.Error() != wantErr {
			t.Errorf("%q: error %v, want %s", text, err, wantErr)
		}
	case err != nil:
		t.Errorf("%q: %v", text, err)
	case !reflect.DeepEqual(got, want):
		t.Errorf("%q: got %+v, want %+v", text, got, want)
	}
}

// FuzzOverrides: what a command line can say never gives a spec that breaks the
// kernel's command line, and a spec that validated before still does or says why.
func FuzzOverrides(f *testing.F) {
	f.Add("8080:80/udp", "a.img:64M:ro", "/src:/mnt:ro", "512M")
	f.Fuzz(func(t *testing.T, publish, volume, share, size string) {
		s := parseSpec(t, "")
		var o Overrides
		if p, err := ParsePublish(publish); err == nil {
			o.Publish = append(o.Publish, p)
		}
		if v, err := ParseVolume(volume); err == nil {
			o.Volumes = append(o.Volumes, v)
		}
		if sh, err := ParseShare(share); err == nil {
			o.Shares = append(o.Shares, sh)
		}
		o.Mem, _ = ParseMiB(size)
		c, notes := o.Apply(s)
		if o.Mem < 0 || len(notes) == 0 && (o.Mem > 0 && o.Mem != s.Mem) {
			t.Errorf("mem %d, notes %q", o.Mem, notes)
		}
		if n := len(c.Boot.KernelParams); n != len(o.Shares) {
			t.Errorf("%d kernel parameters for %d shares", n, len(o.Shares))
		}
		for _, p := range c.Boot.KernelParams {
			if strings.ContainsAny(p, " \t\n\"") {
				t.Errorf("kernel parameter %q", p)
			}
		}
	})
}

func TestApplyLeavesTheSpecAlone(t *testing.T) {
	s := parseSpec(t, `"interfaces":[{"type":"tap","id":"t0"}]`)
	before := s.Clone()
	port, err := ParsePublish("8080:80")
	if err != nil {
		t.Fatal(err)
	}
	c, notes := Overrides{Hypervisor: "qemu", Mem: 512, VCPU: 3, Publish: []ForwardPort{port}, KernelParams: []string{"a=b"}}.Apply(s)
	if !reflect.DeepEqual(s, before) {
		t.Error("the spec changed")
	}
	want := []string{
		"vcpu: the host chose 3, the guest asks for 1",
		"interfaces: the host adds a user network, to publish ports of",
		"forwardPorts: the host forwards port 8080 to the guest's port 80",
		"kernelParams: the host adds a=b",
	}
	if !reflect.DeepEqual(notes, want) {
		t.Errorf("notes %q", notes)
	}
	if c.VCPU != 3 || len(c.Interfaces) != 2 || c.Interfaces[1].MAC == "" || c.Boot.KernelParams[0] != "a=b" {
		t.Errorf("got %+v", c)
	}
}
