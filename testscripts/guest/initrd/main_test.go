package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"-kernel-dir", "k", "-o", "out", "-arch", "arm64", "-modules", "a,b"})
	if err != nil || o.kernelDir != "k" || o.out != "out" || o.arch != "arm64" || strings.Join(o.modules, " ") != "a b" {
		t.Errorf("parse = %+v, %v", o, err)
	}
	if o, err := parse(nil); err != nil || len(o.modules) < 10 {
		t.Errorf("parse of nothing = %+v, %v, want the default modules", o, err)
	}
	for _, args := range [][]string{{"extra"}, {"-unknown"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("parse(%q) is no error", args)
		}
	}
}

func TestRunTwiceSameBytes(t *testing.T) {
	files := depmodFiles()
	for _, name := range []string{"ext4", "jbd2", "crc32c_generic"} {
		files["kernel/"+name+".ko"] = "ELF " + name
	}
	o := options{kernelDir: writeTree(t, files), arch: "amd64", modules: []string{"ext4", "i8042"}}
	var archives [2][]byte
	for i := range archives {
		o.out = filepath.Join(t.TempDir(), "initrd")
		if err := run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		var err error
		if archives[i], err = os.ReadFile(o.out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two runs gave different bytes")
	}
	for _, part := range []string{"crc32c_generic \njbd2 crc32c_generic\next4 jbd2\n", "fs-ext4 ext4\n", "ELF jbd2"} {
		if !bytes.Contains(archives[0], []byte(part)) {
			t.Errorf("the archive lacks %q", part)
		}
	}
}

func TestReadModule(t *testing.T) {
	const text = "\x7fELF module"
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	paths := []string{write("a.ko", []byte(text)), write("a.ko.gz", zipped.Bytes())}
	for tool, ext := range map[string]string{"xz": ".xz", "zstd": ".zst"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("%s is not tested: %v", ext, err)
			continue
		}
		cmd := exec.CommandContext(t.Context(), tool, "-c")
		cmd.Stdin = strings.NewReader(text)
		data, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, write("a.ko"+ext, data))
	}
	for _, path := range paths {
		if got, err := readModule(t.Context(), path); err != nil || string(got) != text {
			t.Errorf("readModule(%s) = %q, %v, want %q", filepath.Base(path), got, err, text)
		}
	}
	if got, err := readModule(t.Context(), write("bad.ko.gz", []byte(text))); err == nil {
		t.Errorf("readModule of a broken file = %q, want an error", got)
	}
}
