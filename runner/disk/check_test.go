package disk

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func header(version, clusterBits uint32, size uint64) []byte {
	h := append([]byte(qcow2Magic), make([]byte, qcow2HeaderBytes-len(qcow2Magic))...)
	binary.BigEndian.PutUint32(h[4:], version)
	binary.BigEndian.PutUint32(h[20:], clusterBits)
	binary.BigEndian.PutUint64(h[24:], size)
	return h
}

func TestCheck(t *testing.T) {
	cases := []struct {
		name    string
		img     Image
		content []byte
		warning string // "" for none
		err     string
	}{
		{"as declared", Image{SizeMiB: 1}, make([]byte, 1<<20), "", ""},
		{"undeclared size", Image{}, make([]byte, 77), "", ""},
		{"smaller", Image{SizeMiB: 2}, make([]byte, 1<<20), "has 1 MiB and 2 MiB are declared", ""},
		{"odd", Image{SizeMiB: 2}, make([]byte, 77), "has 77 bytes and 2 MiB", ""},
		{"empty", Image{SizeMiB: 2}, nil, "has 0 MiB and 2 MiB", ""},
		{"qcow2", Image{SizeMiB: 5, Format: QCOW2}, header(3, 16, 5<<20), "", ""},
		{"old qcow2, larger", Image{SizeMiB: 5, Format: QCOW2}, header(2, 9, 6<<20), "has 6 MiB and 5 MiB", ""},
		{"raw with qcow2 inside", Image{Format: Raw}, header(9, 16, 1), "looks like a qcow2 image", ""},
		{"qcow2 without", Image{Format: QCOW2}, make([]byte, 512), "", "no qcow2 header"},
		{"qcow2 cut", Image{Format: QCOW2}, header(3, 16, 1)[:31], "", "no qcow2 header"},
		{"qcow2 of the future", Image{Format: QCOW2}, header(4, 16, 1), "", "version 4"},
		{"qcow2 clusters", Image{Format: QCOW2}, header(3, 22, 1), "", "2^22"},
		{"qcow2 too large", Image{Format: QCOW2}, header(3, 16, math.MaxUint64), "", "too large"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.img.Path = filepath.Join(t.TempDir(), "img")
			if err := os.WriteFile(c.img.Path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			warnings, err := Check(c.img)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if (len(warnings) == 0) != (c.warning == "") || !strings.Contains(strings.Join(warnings, ""), c.warning) {
				t.Errorf("warnings %q, want %q", warnings, c.warning)
			}
		})
	}
}

func TestCheckOpensOnlyDisks(t *testing.T) {
	for _, path := range []string{t.TempDir(), "/dev/null", filepath.Join(t.TempDir(), "none")} {
		if warnings, err := Check(Image{Path: path}); err == nil {
			t.Errorf("%q: got %q", path, warnings)
		}
	}
}

func FuzzParseQCOW2(f *testing.F) {
	f.Add(header(3, 16, 1<<30))
	f.Add(header(2, 9, 0)[:20])
	f.Add([]byte(qcow2Magic))
	f.Fuzz(func(t *testing.T, h []byte) {
		size, err := parseQCOW2(h)
		if err != nil {
			return
		}
		version, bits := binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[20:])
		if size < 0 || !slices.Equal(header(version, bits, uint64(size))[24:], h[24:32]) {
			t.Errorf("%d from % x", size, h)
		}
	})
}
