package stamp

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
)

// The types of entries in an index.
const (
	modeFile       = 0o100644
	modeExecutable = 0o100755
	modeLink       = 0o120000
)

// indexEntry is a tracked file: its name relative to the work tree, and its type.
type indexEntry struct {
	name string
	mode uint32
}

// Sizes in an index of object names of 20 bytes.
const (
	indexHeader   = 12
	indexStat     = 40
	indexFixed    = indexStat + sha1.Size + 2
	indexExtended = 0x4000
)

// errIndex is for an index that is cut off or has SHA-256 object names.
var errIndex = errors.New("not an index with SHA-1 object names")

// parseIndex reads the file format of gitformat-index(5), versions 2 to 4. The contents are hostile; names that lead out of
// the work tree are refused, and so are extensions that change what the entries mean.
func parseIndex(index []byte) ([]indexEntry, error) {
	if len(index) < indexHeader+sha1.Size || !bytes.HasPrefix(index, []byte("DIRC")) {
		return nil, errIndex
	}
	body, sum := index[:len(index)-sha1.Size], index[len(index)-sha1.Size:]
	if want := sha1.Sum(body); !bytes.Equal(sum, want[:]) {
		return nil, errIndex
	}
	version := binary.BigEndian.Uint32(body[4:])
	if version < 2 || version > 4 {
		return nil, fmt.Errorf("version %d of the format", version)
	}
	count := int(binary.BigEndian.Uint32(body[8:]))
	r := indexReader{rest: body[indexHeader:], version: version}
	var entries []indexEntry
	for range count {
		e, err := r.entry()
		if err != nil {
			return nil, err
		}
		if !filepath.IsLocal(e.name) {
			return nil, fmt.Errorf("name %q", e.name)
		}
		entries = append(entries, e)
	}
	return entries, checkExtensions(r.rest)
}

type indexReader struct {
	rest    []byte
	version uint32
	last    string
}

func (r *indexReader) entry() (indexEntry, error) {
	if len(r.rest) < indexFixed {
		return indexEntry{}, errIndex
	}
	fixed := indexFixed
	if flags := binary.BigEndian.Uint16(r.rest[indexFixed-2:]); flags&indexExtended != 0 {
		fixed += 2
	}
	if len(r.rest) < fixed {
		return indexEntry{}, errIndex
	}
	mode := binary.BigEndian.Uint32(r.rest[24:])
	name, err := r.name(fixed)
	return indexEntry{name: name, mode: mode}, err
}

// name reads the name after the fixed part and goes on to the next entry.
func (r *indexReader) name(fixed int) (string, error) {
	text, prefix := r.rest[fixed:], ""
	if r.version == 4 {
		drop, size := dropLength(text)
		if size == 0 || drop > len(r.last) {
			return "", errIndex
		}
		prefix, text = r.last[:len(r.last)-drop], text[size:]
	}
	end := bytes.IndexByte(text, 0)
	if end < 0 {
		return "", errIndex
	}
	next := len(r.rest) - len(text) + end + 1
	if r.version < 4 {
		// One to eight NULs make the length of the entry a multiple of eight.
		next = (fixed + end + 8) &^ 7
	}
	if next > len(r.rest) {
		return "", errIndex
	}
	r.last = prefix + string(text[:end])
	r.rest = r.rest[next:]
	return r.last, nil
}

// dropLength reads the variable width integer of git's packs (OFS_DELTA) and its size, 0 if there is none.
func dropLength(b []byte) (value, size int) {
	const maxSize = 4
	for i := 0; i < len(b) && i < maxSize; i++ {
		value |= int(b[i] & 0x7f)
		if b[i] < 0x80 {
			return value, i + 1
		}
		value = (value + 1) << 7
	}
	return 0, 0
}

// checkExtensions refuses those that must be understood, which begin with a lower case letter: split and sparse indexes.
func checkExtensions(rest []byte) error {
	const header = 8
	for len(rest) >= header {
		name, size := rest[:4], int64(binary.BigEndian.Uint32(rest[4:]))
		if name[0] < 'A' || name[0] > 'Z' {
			return fmt.Errorf("extension %q", name)
		}
		if size > int64(len(rest)-header) {
			return errIndex
		}
		rest = rest[header+size:]
	}
	if len(rest) > 0 {
		return errIndex
	}
	return nil
}
