package stamp

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// take stamps again until the files it made have settled, which takes as long as the file system's clock needs to move on.
func take(t testing.TB, collect func(s *Stamper)) (string, error) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		s := New()
		collect(s)
		sum, err := s.Sum()
		if !errors.Is(err, ErrRecent) || time.Now().After(deadline) {
			return sum, err
		}
	}
}

func mustTake(t testing.TB, collect func(s *Stamper)) string {
	t.Helper()
	sum, err := take(t, collect)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// changes are what can happen to a directory that holds a/file, a/.hidden and a/link, which all of them must be seen in.
var changes = map[string]func(dir string) error{
	"edit":                      func(dir string) error { return os.WriteFile(dir+"/a/file", []byte("longer text"), 0o644) },
	"edit with size and mtime":  editInSecret,
	"touch":                     func(dir string) error { return os.Chtimes(dir+"/a/file", time.Time{}, time.Unix(1, 0)) },
	"truncate":                  func(dir string) error { return os.Truncate(dir+"/a/file", 0) },
	"chmod":                     func(dir string) error { return os.Chmod(dir+"/a/file", 0o755) },
	"chmod of a directory":      func(dir string) error { return os.Chmod(dir+"/a", 0o700) },
	"rename":                    func(dir string) error { return os.Rename(dir+"/a/file", dir+"/a/eile") },
	"rename of a directory":     func(dir string) error { return os.Rename(dir+"/a", dir+"/b") },
	"remove":                    func(dir string) error { return os.Remove(dir + "/a/file") },
	"new file":                  func(dir string) error { return os.WriteFile(dir+"/a/new", nil, 0o644) },
	"new hidden file":           func(dir string) error { return os.WriteFile(dir+"/a/.git", nil, 0o644) },
	"new directory":             func(dir string) error { return os.Mkdir(dir+"/a/b", 0o755) },
	"new pipe":                  func(dir string) error { return mkfifo(dir + "/a/pipe") },
	"new link":                  func(dir string) error { return os.Link(dir+"/a/file", dir+"/a/other") },
	"link elsewhere":            func(dir string) error { return relink("other", dir+"/a/link") },
	"link to the same":          func(dir string) error { return relink("file", dir+"/a/link") },
	"same file in place of one": replaceByCopy,
	"swapped files":             swap,
}

// editInSecret changes the text and nothing that `ls -l` shows.
func editInSecret(dir string) error {
	path := dir + "/a/file"
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte("TEXT"), 0o644); err != nil {
		return err
	}
	return os.Chtimes(path, info.ModTime(), info.ModTime())
}

func relink(target, path string) error {
	return errors.Join(os.Remove(path), os.Symlink(target, path))
}

func replaceByCopy(dir string) error {
	return errors.Join(os.WriteFile(dir+"/a/copy", []byte("text"), 0o644), os.Rename(dir+"/a/copy", dir+"/a/file"))
}

func swap(dir string) error {
	return errors.Join(
		os.Rename(dir+"/a/file", dir+"/a/x"), os.Rename(dir+"/a/.hidden", dir+"/a/file"), os.Rename(dir+"/a/x", dir+"/a/.hidden"))
}

func sample(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir+"/a/file", "text")
	write(t, dir+"/a/.hidden", "text")
	if err := os.Symlink("file", dir+"/a/link"); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTreeChanges(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := sample(t)
			collect := func(s *Stamper) { s.Tree(dir) }
			before := mustTake(t, collect)
			if _, err := os.ReadFile(dir + "/a/file"); err != nil {
				t.Fatal(err)
			}
			if again := mustTake(t, collect); again != before {
				t.Fatal("nothing changed, but the stamp did")
			}
			if err := change(dir); err != nil {
				t.Fatal(err)
			}
			if after := mustTake(t, collect); after == before {
				t.Error("the stamp did not change")
			}
		})
	}
}

func TestTreeOfAnotherPath(t *testing.T) {
	dir := sample(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	direct := mustTake(t, func(s *Stamper) { s.Tree(dir) })
	if linked := mustTake(t, func(s *Stamper) { s.Tree(link) }); linked == direct {
		t.Error("a tree and a link to it have the same stamp")
	}
}

// TestSpecialFiles would hang if anything opened them.
func TestSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := mkfifo(pipe); err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	t.Chdir(dir)
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: "socket"}); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"zero": "/dev/zero", "loop": ".", "dangling": "nowhere", "line\nbreak\xff": "x"} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	mustTake(t, func(s *Stamper) { s.Tree(dir) })
	for _, path := range []string{pipe, "/dev/zero", dir} {
		if _, err := take(t, func(s *Stamper) { s.Read(path) }); err == nil {
			t.Errorf("%q was read like a file", path)
		}
	}
	if f, err := openDir(pipe); err == nil {
		f.Close()
		t.Error("a pipe was opened as a directory")
	}
}

func TestRecentChange(t *testing.T) {
	begin := time.Unix(1000, 500)
	for _, test := range []struct {
		ctime time.Time
		want  bool
	}{
		{begin, false},
		{begin.Add(time.Hour), false},
		{begin.Add(-grain), false},
		{begin.Add(-grain - 1), true},
		{time.Unix(999, 0), false},
		{time.Unix(998, 0), true},
	} {
		s := New()
		s.begin = begin
		if got := s.settled(test.ctime); got != test.want {
			t.Errorf("a file of %v is settled at %v: %v", test.ctime, begin, got)
		}
	}
	dir := sample(t)
	s := New()
	s.begin = time.Unix(1, 0)
	s.Tree(dir)
	if _, err := s.Sum(); !errors.Is(err, ErrRecent) {
		t.Errorf("a file from the future gives %v", err)
	}
}

func TestTreeProblems(t *testing.T) {
	dir := sample(t)
	mustTake(t, func(s *Stamper) { s.Tree(dir) })
	for name, test := range map[string]struct {
		collect func(s *Stamper)
		want    error
	}{
		"too many files": {func(s *Stamper) { s.left = 2; s.Tree(dir) }, ErrTooMuch},
		"too slow":       {func(s *Stamper) { s.deadline = time.Now().Add(-1); s.Tree(dir) }, ErrTooMuch},
		"no directory":   {func(s *Stamper) { s.Tree(dir + "/none") }, os.ErrNotExist},
		"no tree":        {func(s *Stamper) { s.Tree(dir + "/a/file") }, errNotDir},
		"mounted":        {func(s *Stamper) { s.walk(dir, 0) }, ErrRemote},
		"told":           {func(s *Stamper) { s.Fail(io.EOF); s.Fail(io.ErrNoProgress); s.Tree(dir) }, io.EOF},
	} {
		if sum, err := take(t, test.collect); !errors.Is(err, test.want) || sum != "" {
			t.Errorf("%s: %q, %v", name, sum, err)
		}
	}
}

func TestTextIsApart(t *testing.T) {
	sums := map[string]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"a", "b"}, {"ab"}, {"", "ab"}, {"ab", ""}} {
		sum := mustTake(t, func(s *Stamper) { s.Text(parts...) })
		if other, ok := sums[sum]; ok {
			t.Errorf("%q and %s have the same stamp", parts, other)
		}
		sums[sum] = fmt.Sprintf("%q", parts)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "link")
	seen := map[string]string{}
	for _, step := range []struct {
		name string
		do   func() error
		want string
	}{
		{"absent", func() error { return nil }, ""},
		{"dangling", func() error { return os.Symlink("target", path) }, ""},
		{"present", func() error { return os.WriteFile(dir+"/target", []byte("1"), 0o600) }, "1"},
		{"edited", func() error { return os.WriteFile(dir+"/target", []byte("2"), 0o600) }, "2"},
		{"below a file", func() error { path += "/x"; return nil }, ""},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		var text []byte
		sum := mustTake(t, func(s *Stamper) { text = s.Read(path) })
		if string(text) != step.want {
			t.Errorf("%s: read %q", step.name, text)
		}
		if step.name != "dangling" && seen[sum] != "" {
			t.Errorf("%s looks like %s", step.name, seen[sum])
		}
		seen[sum] = step.name
	}
	write(t, dir+"/large", "")
	if err := os.Truncate(dir+"/large", maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := take(t, func(s *Stamper) { s.Read(dir + "/large") }); !errors.Is(err, ErrTooMuch) {
		t.Errorf("a file that is too large gives %v", err)
	}
}

func BenchmarkTree(b *testing.B) {
	dir := b.TempDir()
	for i := range 1000 {
		write(b, filepath.Join(dir, strconv.Itoa(i%50), strconv.Itoa(i)), "text")
	}
	mustTake(b, func(s *Stamper) { s.Tree(dir) })
	for b.Loop() {
		s := New()
		s.Tree(dir)
		if _, err := s.Sum(); err != nil {
			b.Fatal(err)
		}
	}
}

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }
