// Package stamp tells from metadata alone whether files are still what they were: one hash over the names, types, sizes,
// times and inodes of a tree, of what a git repository tracks, or of single files. It opens none of the files in a tree.
//
// Two equal stamps mean equal contents. That rests on the inode change time, which every write, chmod and rename sets and
// which no program can set back, and so a Stamper refuses what it could be wrong about: a file that changed so recently that
// the next change might get the same time, and file systems whose times come from another machine.
// Stores through a shared memory mapping may reach the change time late, as make and git know too.
package stamp

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// What makes a stamp impossible; errors.Is finds them in Sum's error.
var (
	ErrRecent  = errors.New("changed just now")
	ErrTooMuch = errors.New("too much to look at")
	ErrRemote  = errors.New("not on the local file system")
)

const (
	maxEntries  = 20_000
	maxDuration = 200 * time.Millisecond
	maxFile     = 16 << 20
)

// grain is more than the distance between two times that a file system tells apart. Kernels stamp files with the time of the
// last timer tick, 10 ms apart at most; file systems without fractions of a second (ext3, HFS+, FAT) count seconds, or two.
const (
	grain       = 10 * time.Millisecond
	coarseGrain = 2 * time.Second
)

// Stamper collects a stamp. After the first problem it does nothing more; Sum tells. It is for one goroutine.
type Stamper struct {
	hash     hash.Hash
	begin    time.Time
	deadline time.Time
	left     int
	err      error
}

// New starts a stamp. It covers 20,000 files and takes 200 ms at most.
func New() *Stamper {
	return &Stamper{hash: sha256.New(), begin: fileClock(), deadline: time.Now().Add(maxDuration), left: maxEntries}
}

// Sum is the stamp in hexadecimal, or the first problem.
func (s *Stamper) Sum() (string, error) {
	if s.err != nil {
		return "", s.err
	}
	return hex.EncodeToString(s.hash.Sum(nil)), nil
}

// Fail makes err the problem, unless there is one already.
func (s *Stamper) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Text adds strings, each of them apart from the next.
func (s *Stamper) Text(parts ...string) {
	var length [8]byte
	for _, part := range parts {
		binary.LittleEndian.PutUint64(length[:], uint64(len(part)))
		s.hash.Write(length[:])
		io.WriteString(s.hash, part)
	}
}

// File adds what path leads to, through symbolic links, or that there is nothing.
func (s *Stamper) File(path string) {
	if s.err != nil {
		return
	}
	s.Text("file", path)
	target, err := filepath.EvalSymlinks(path)
	if absent(err) {
		s.Text("absent")
		return
	}
	if err != nil {
		s.Fail(err)
		return
	}
	s.Text(target)
	s.entry(target)
}

// Read is File, and gives the contents as ReadFile does.
func (s *Stamper) Read(path string) []byte {
	if s.File(path); s.err != nil {
		return nil
	}
	text, err := ReadFile(path)
	if err != nil {
		s.Fail(err)
	}
	return text
}

// ReadFile reads what must be a regular file of at most 16 MiB; nil if there is none. It does not wait for a pipe.
func ReadFile(path string) ([]byte, error) {
	text, err := readRegular(path)
	if absent(err) {
		return nil, nil
	}
	return text, err
}

// Tree adds everything in a directory of an absolute path, hidden files and `.git` included. It follows no symbolic link in there,
// and a mounted file system in there is a problem.
func (s *Stamper) Tree(dir string) {
	dir, dev := s.enter("tree", dir)
	if s.err != nil {
		return
	}
	s.entry(dir)
	s.walk(dir, dev)
}

// enter resolves a directory, makes sure that its times can be trusted, and tells its device.
func (s *Stamper) enter(kind, dir string) (string, uint64) {
	if s.err != nil {
		return "", 0
	}
	target, err := filepath.EvalSymlinks(dir)
	if err != nil {
		s.Fail(err)
		return "", 0
	}
	s.Text(kind, dir, target)
	st, err := lstat(target)
	if err == nil {
		err = local(target)
	}
	if err != nil {
		s.Fail(err)
	}
	return target, st.dev
}

func (s *Stamper) walk(dir string, dev uint64) {
	if s.err != nil {
		return
	}
	names, err := s.names(dir)
	if err != nil {
		s.Fail(err)
		return
	}
	for _, name := range names {
		s.Text(name)
		path := filepath.Join(dir, name)
		st := s.entry(path)
		s.mounted(path, st, dev)
		if s.err != nil {
			return
		}
		if st.isDir {
			s.walk(path, dev)
		}
	}
	s.Text("")
}

// names lists a directory in order, but no more of it than may be looked at.
func (s *Stamper) names(dir string) ([]string, error) {
	f, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(s.left + 1)
	if err != nil && err != io.EOF {
		return nil, err
	}
	slices.Sort(names)
	return names, nil
}

// mounted refuses a file that is on another file system than the directory that was entered.
func (s *Stamper) mounted(path string, st status, dev uint64) {
	if s.err == nil && st.dev != dev {
		s.Fail(fmt.Errorf("%q is mounted: %w", path, ErrRemote))
	}
}

// status is what changes when a file does.
type status struct {
	mode, ino, dev uint64
	size           int64
	mtime, ctime   time.Time
	isDir, isLink  bool
}

// entry adds one file as it is, without following it.
func (s *Stamper) entry(path string) status {
	st, err := lstat(path)
	if err != nil {
		s.Fail(err)
		return st
	}
	s.add(path, st)
	return st
}

func (s *Stamper) add(path string, st status) {
	s.left--
	if s.left < 0 || time.Now().After(s.deadline) {
		s.Fail(fmt.Errorf("at %q: %w", path, ErrTooMuch))
		return
	}
	if !s.settled(st.ctime) {
		s.Fail(fmt.Errorf("%q: %w", path, ErrRecent))
		return
	}
	s.record(st)
	if !st.isLink {
		return
	}
	target, err := os.Readlink(path)
	if err != nil {
		s.Fail(err)
	}
	s.Text(target)
}

func (s *Stamper) record(st status) {
	var record [48]byte
	for i, v := range []uint64{
		st.mode, st.ino, st.dev, uint64(st.size), uint64(st.mtime.UnixNano()), uint64(st.ctime.UnixNano()),
	} {
		binary.LittleEndian.PutUint64(record[i*8:], v)
	}
	s.hash.Write(record[:])
}

// settled tells whether a change from now on is sure to set another time.
func (s *Stamper) settled(ctime time.Time) bool {
	if ctime.Nanosecond() == 0 {
		return ctime.Before(s.begin.Add(-coarseGrain))
	}
	return ctime.Before(s.begin.Add(-grain))
}

func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDir) }
