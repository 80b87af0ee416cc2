//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestModules(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"needs": "virtio \nvirtio_blk virtio_ring virtio\n",
		"alias": "virtio:d00000002v* virtio_blk\nfs-ext4 ext4\nacpi*:PNP0C0C:* button\n[ broken\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := openModules(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.needs["virtio_blk"], []string{"virtio_ring", "virtio"}; !slices.Equal(got, want) {
		t.Errorf("virtio_blk needs %q, want %q", got, want)
	}
	if needs, ok := m.needs["virtio"]; !ok || len(needs) != 0 {
		t.Errorf("virtio needs %q (listed: %t), want nothing", needs, ok)
	}
	for of, want := range map[string][]string{
		"virtio:d00000002v00001AF4": {"virtio_blk"},
		"virtio:d00000001v00001AF4": nil,
		"acpi:PNP0C0C:":             {"button"},
		"fs-ext4":                   {"ext4"},
		"fs-ext":                    nil,
		"":                          nil,
	} {
		if got := m.claimants(of); !slices.Equal(got, want) {
			t.Errorf("claimants(%q) = %q, want %q", of, got, want)
		}
	}
}

func TestModulesNone(t *testing.T) {
	m, err := openModules(t.TempDir())
	if err != nil || m.claimants("fs-ext4") != nil {
		t.Errorf("openModules of an initrd without modules = %+v, %v", m, err)
	}
}
