package main

import (
	"bytes"
	"cmp"
	"path"
	"slices"

	"github.com/cavaliergopher/cpio"
)

// entry is a file of the initrd. Its name is relative to the root.
type entry struct {
	name string
	mode cpio.FileMode
	data []byte
}

// pack writes a newc archive, as Documentation/driver-api/early-userspace has
// it, in which every directory comes before what is in it. It is not
// compressed: what is saved in loading is lost in unpacking.
func pack(files []entry) ([]byte, error) {
	var archive bytes.Buffer
	w := cpio.NewWriter(&archive)
	for i, e := range withDirs(files) {
		header := &cpio.Header{
			Name: e.name, Mode: e.mode, Size: int64(len(e.data)), Inode: int64(i + 1), Links: 1,
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

func withDirs(files []entry) []entry {
	seen := map[string]bool{".": true}
	var all []entry
	for _, f := range files {
		for dir := path.Dir(f.name); !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			all = append(all, entry{name: dir, mode: cpio.TypeDir | 0o755})
		}
		f.mode |= cpio.TypeReg
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	return all
}
