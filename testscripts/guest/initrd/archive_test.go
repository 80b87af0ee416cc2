package main

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/cavaliergopher/cpio"
)

func TestPack(t *testing.T) {
	files := []entry{
		{name: "modules/b.ko", mode: 0o644, data: []byte("bb")},
		{name: "init", mode: 0o755, data: []byte("program")},
		{name: "a/b/c", mode: 0o600},
	}
	archive, err := pack(files)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name string
		mode cpio.FileMode
		data string
	}{
		{"a", cpio.TypeDir | 0o755, ""},
		{"a/b", cpio.TypeDir | 0o755, ""},
		{"a/b/c", cpio.TypeReg | 0o600, ""},
		{"init", cpio.TypeReg | 0o755, "program"},
		{"modules", cpio.TypeDir | 0o755, ""},
		{"modules/b.ko", cpio.TypeReg | 0o644, "bb"},
	}
	r := cpio.NewReader(bytes.NewReader(archive))
	for _, w := range want {
		h, err := r.Next()
		if err != nil {
			t.Fatalf("before %s: %v", w.name, err)
		}
		data, err := io.ReadAll(r)
		if err != nil || h.Name != w.name || h.Mode != w.mode || string(data) != w.data || h.ModTime.Unix() > 0 {
			t.Errorf("entry %s %o %q %v, %v, want %s %o %q at the epoch", h.Name, h.Mode, data, h.ModTime, err, w.name, w.mode, w.data)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last entry: %v, want EOF", err)
	}
}
