package stamp

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// git runs the real one, with nobody's settings.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Skip("no git to test with: " + err.Error())
	}
	cmd := exec.Command(path, append([]string{
		"-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main",
	}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %q: %v: %s", args, err, &stderr)
	}
	return string(out)
}

// repository is one commit with the files of sample.
func repository(t testing.TB, init ...string) string {
	t.Helper()
	dir := sample(t)
	git(t, dir, append([]string{"init", "-q"}, init...)...)
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-qm", "one")
	return dir
}

func TestRepositoryChanges(t *testing.T) {
	tests := map[string]struct {
		change func(dir string) error
		same   bool
	}{
		"untracked file":           {func(dir string) error { return os.WriteFile(dir+"/web.sock", nil, 0o644) }, true},
		"untracked directory":      {func(dir string) error { return os.MkdirAll(dir+"/out/b", 0o755) }, true},
		"git add":                  {func(dir string) error { write(t, dir+"/new", ""); git(t, dir, "add", "new"); return nil }, false},
		"git add --intent-to-add":  {func(dir string) error { write(t, dir+"/new", ""); git(t, dir, "add", "-N", "new"); return nil }, false},
		"git rm --cached":          {func(dir string) error { git(t, dir, "rm", "-q", "--cached", "a/file"); return nil }, false},
		"commit":                   {func(dir string) error { git(t, dir, "commit", "-qm", "two", "--allow-empty"); return nil }, false},
		"another branch":           {func(dir string) error { git(t, dir, "checkout", "-qb", "other"); return nil }, false},
		"no branch":                {func(dir string) error { git(t, dir, "checkout", "-q", "--detach"); return nil }, false},
		"commit on another branch": {func(dir string) error { git(t, dir, "branch", "other"); return nil }, true},
		"setting":                  {func(dir string) error { git(t, dir, "config", "core.autocrlf", "true"); return nil }, false},
	}
	for _, name := range []string{
		"edit", "edit with size and mtime", "touch", "chmod", "rename", "remove", "link elsewhere", "same file in place of one", "swapped files",
		"rename of a directory",
	} {
		test := tests[name]
		test.change = changes[name]
		tests["work tree: "+name] = test
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t)
			collect := func(s *Stamper) { s.Repository(dir) }
			before := mustTake(t, collect)
			if err := test.change(dir); err != nil {
				t.Fatal(err)
			}
			if after := mustTake(t, collect); (after == before) != test.same {
				t.Errorf("the stamp is the same: %v", after == before)
			}
		})
	}
}

// TestLinkedWorkTree commits, as one does, in a second work tree and on a branch whose reference is packed.
func TestLinkedWorkTree(t *testing.T) {
	dir := repository(t)
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, dir, "worktree", "add", "-q", "-b", "other", linked)
	git(t, dir, "pack-refs", "--all")
	collect := func(s *Stamper) { s.Repository(linked) }
	before := mustTake(t, collect)
	git(t, dir, "commit", "-qm", "elsewhere", "--allow-empty")
	if same := mustTake(t, collect); same != before {
		t.Error("a commit on another branch changes the stamp")
	}
	git(t, linked, "commit", "-qm", "two", "--allow-empty")
	if after := mustTake(t, collect); after == before {
		t.Error("a commit does not change the stamp")
	}
}

func TestTracks(t *testing.T) {
	dir := repository(t)
	write(t, dir+"/new", "")
	for name, want := range map[string]bool{"a/file": true, "a/link": true, "new": false, "a": false, "none": false} {
		if got, err := Tracks(dir, name); err != nil || got != want {
			t.Errorf("%s is tracked: %v, %v", name, got, err)
		}
	}
	if _, err := Tracks(t.TempDir(), "x"); err == nil {
		t.Error("a directory without git tracks files")
	}
}

func TestRepositoryProblems(t *testing.T) {
	write := func(name, text string) func(dir string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) }
	}
	instead := func(name string, put func(string) error) func(dir string) error {
		return func(dir string) error {
			return errors.Join(os.RemoveAll(filepath.Join(dir, name)), put(filepath.Join(dir, name)))
		}
	}
	real := func(args ...string) func(dir string) error {
		return func(dir string) error { git(t, dir, args...); return nil }
	}
	for name, test := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"no git":         {func(dir string) error { return os.RemoveAll(dir + "/.git") }, ".git: no such file"},
		"no index":       {func(dir string) error { return os.Remove(dir + "/.git/index") }, "not an index"},
		"damaged index":  {func(dir string) error { return os.Truncate(dir+"/.git/index", 50) }, "not an index"},
		"git pipe":       {instead(".git", mkfifo), "is not a regular file"},
		"git file":       {instead(".git", func(path string) error { return os.WriteFile(path, []byte("x"), 0o644) }), "does not name a git directory"},
		"index pipe":     {instead(".git/index", mkfifo), "is not a regular file"},
		"reftable":       {func(dir string) error { return os.Mkdir(dir+"/.git/reftable", 0o755) }, "reftable"},
		"HEAD loop":      {write(".git/refs/heads/main", "ref: refs/heads/main\n"), "HEAD leads nowhere"},
		"HEAD elsewhere": {write(".git/HEAD", "ref: refs/../../../etc/passwd\n"), `refers to "refs/../../../etc/passwd"`},
		"HEAD absolute":  {write(".git/HEAD", "ref: /etc/passwd\n"), `refers to "/etc/passwd"`},
		"split index":    {real("update-index", "--split-index"), `git index of`},
		"sparse index":   {real("sparse-checkout", "set", "--cone", "--sparse-index", "none"), `extension "sdir"`},
		"submodule":      {real("submodule", "--quiet", "add", repository(t), "sub"), "submodule"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t)
			if err := test.spoil(dir); err != nil {
				t.Fatal(err)
			}
			_, err := take(t, func(s *Stamper) { s.Repository(dir) })
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestParseIndexRealGit(t *testing.T) {
	for _, version := range []string{"2", "3", "4"} {
		dir := t.TempDir()
		git(t, dir, "init", "-q")
		for _, name := range []string{"a", "a b", "aa/b", "aa/bcdefgh", "aa/bcdefghi", strings.Repeat("l/", 150) + "end", "new\nline", "ü\xff", `"q"`} {
			write(t, filepath.Join(dir, name), name)
		}
		git(t, dir, "add", ".")
		write(t, filepath.Join(dir, "intent"), "")
		git(t, dir, "add", "-N", "intent")
		git(t, dir, "update-index", "--index-version", version)
		index, err := os.ReadFile(filepath.Join(dir, ".git", "index"))
		if err != nil {
			t.Fatal(err)
		}
		entries, err := parseIndex(index)
		if err != nil {
			t.Fatalf("version %s: %v", version, err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.name)
		}
		want := strings.Split(strings.TrimSuffix(git(t, dir, "ls-files", "-z"), "\x00"), "\x00")
		if !slices.Equal(names, want) {
			t.Errorf("version %s: %q, git says %q", version, names, want)
		}
	}
}

func TestParseIndexSHA256(t *testing.T) {
	dir := repository(t, "--object-format=sha256")
	if _, err := take(t, func(s *Stamper) { s.Repository(dir) }); !errors.Is(err, errIndex) {
		t.Errorf("got %v", err)
	}
}

// FuzzParseIndex gives what it tries the right checksum.
func FuzzParseIndex(f *testing.F) {
	for _, version := range []string{"2", "4"} {
		dir := repository(f)
		git(f, dir, "update-index", "--index-version", version)
		index, err := os.ReadFile(filepath.Join(dir, ".git", "index"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(index[:len(index)-sha1.Size])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := sha1.Sum(body)
		entries, err := parseIndex(append(slices.Clone(body), sum[:]...))
		if err != nil {
			return
		}
		if len(entries)*indexFixed > len(body) {
			t.Fatalf("%d entries in %d bytes", len(entries), len(body))
		}
		for _, e := range entries {
			if !filepath.IsLocal(e.name) || strings.Contains(e.name, "\x00") {
				t.Errorf("name %q", e.name)
			}
		}
	})
}

func BenchmarkRepository(b *testing.B) {
	dir := repository(b)
	for i := range 1000 {
		write(b, filepath.Join(dir, "d", string(rune('a'+i%26)), strings.Repeat("x", i/26+1)), "")
	}
	git(b, dir, "add", ".")
	mustTake(b, func(s *Stamper) { s.Repository(dir) })
	for b.Loop() {
		s := New()
		s.Repository(dir)
		if _, err := s.Sum(); err != nil {
			b.Fatal(err)
		}
	}
}
