package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writeTree makes the kernel directory of a kernel with these files.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	kernelDir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(kernelDir, "lib/modules/6.1", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return kernelDir
}

func depmodFiles() map[string]string {
	return map[string]string{
		"modules.dep": `kernel/virtio.ko: kernel/virtio_ring.ko
kernel/virtio_ring.ko:
kernel/virtio-rng.ko.xz: kernel/virtio.ko kernel/virtio_ring.ko
kernel/ext4.ko: kernel/jbd2.ko
kernel/jbd2.ko:
kernel/crc32c_generic.ko:
kernel/vfat.ko:
kernel/nls_ascii.ko:
kernel/loop_a.ko: kernel/loop_b.ko
kernel/loop_b.ko: kernel/loop_a.ko
`,
		"modules.builtin": "kernel/serio/i8042.ko\n",
		"modules.alias":   "# comment\nalias fs-ext4 ext4\nalias crypto-crc32c crc32c_generic\nalias virtio:d00000004v* virtio-rng\n",
		"modules.softdep": "# comment\nsoftdep jbd2 pre: crypto-crc32c post: fs-ext4\nsoftdep ext4 post: vfat\n",
	}
}

func TestClosure(t *testing.T) {
	tree, err := openModules(writeTree(t, depmodFiles()))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ names, chosen, missing string }{
		{"virtio_rng", "virtio_ring virtio virtio_rng", ""},
		{"virtio-rng", "virtio_ring virtio virtio_rng", ""},
		{"ext4 ext4", "crc32c_generic jbd2 ext4", ""},
		{"vfat", "nls_ascii vfat", ""},
		{"i8042", "", ""},
		{"nope jbd2 nope2", "crc32c_generic jbd2", "nope nope2"},
		{"loop_a", "loop_b loop_a", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		chosen, missing := tree.closure(strings.Fields(tt.names))
		if !slices.Equal(chosen, strings.Fields(tt.chosen)) || !slices.Equal(missing, strings.Fields(tt.missing)) {
			t.Errorf("closure(%q) = %q, %q, want %q, %q", tt.names, chosen, missing, tt.chosen, tt.missing)
		}
	}
}

func TestOpenModulesBad(t *testing.T) {
	for _, lost := range []string{"modules.dep", "modules.builtin", "modules.alias", "modules.softdep"} {
		files := depmodFiles()
		delete(files, lost)
		if _, err := openModules(writeTree(t, files)); err == nil || !strings.Contains(err.Error(), lost) {
			t.Errorf("without %s: %v, want an error that names it", lost, err)
		}
	}
}

func FuzzDepmod(f *testing.F) {
	files := depmodFiles()
	f.Add(files["modules.dep"], files["modules.alias"], files["modules.softdep"], "virtio_rng")
	f.Fuzz(func(t *testing.T, dep, aliases, softdep, name string) {
		tree := &moduleTree{files: map[string]string{}, needs: map[string][]string{}, builtin: map[string]bool{}}
		tree.parseDep(dep)
		tree.parseAlias(aliases)
		tree.parseSoftdep(softdep)
		chosen, missing := tree.closure([]string{name})
		if len(chosen) == 0 && len(missing) == 0 {
			t.Errorf("closure(%q) neither found it nor missed it", name)
		}
	})
}
