//go:build linux

package main

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSplitEscaped(t *testing.T) {
	for in, want := range map[string][]string{
		"":                     {""},
		"a:b:c":                {"a", "b", "c"},
		`a\:b:c`:               {"a:b", "c"},
		`a\b:`:                 {`a\b`, ""},
		`tail\`:                {`tail\`},
		`ov:/m:overlay:x=a\:b`: {"ov", "/m", "overlay", "x=a:b"},
	} {
		if got := splitEscaped(in, ':'); !slices.Equal(got, want) {
			t.Errorf("splitEscaped(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMountFlags(t *testing.T) {
	tests := []struct {
		options string
		flags   uintptr
		data    string
	}{
		{"", 0, ""},
		{"defaults,rw", 0, ""},
		{"ro,nosuid", unix.MS_RDONLY | unix.MS_NOSUID, ""},
		{"trans=virtio,ro,msize=65536", unix.MS_RDONLY, "trans=virtio,msize=65536"},
		{",,noatime,", unix.MS_NOATIME, ""},
	}
	for _, tt := range tests {
		if flags, data := mountFlags(tt.options); flags != tt.flags || data != tt.data {
			t.Errorf("mountFlags(%q) = %#x, %q, want %#x, %q", tt.options, flags, data, tt.flags, tt.data)
		}
	}
}

func TestOverlayDirs(t *testing.T) {
	const options = "lowerdir=/a,upperdir=/b,workdir=/c"
	if got, want := overlayDirs("overlay", options), []string{"/b", "/c"}; !slices.Equal(got, want) {
		t.Errorf("overlayDirs = %q, want %q", got, want)
	}
	if got := overlayDirs("ext4", options); got != nil {
		t.Errorf("overlayDirs of ext4 = %q, want none", got)
	}
}
