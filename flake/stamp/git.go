package stamp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Repository adds the git work tree at root, as far as git knows it: HEAD, the branch it points to, the index, the repository's
// settings, and every tracked file as it lies there. Untracked files do not count. Repositories with submodules, sparse or
// split indexes, or reftables are a problem.
//
// Directories do not count either, because untracked files come and go in them: to move one away and back again while
// something reads the tree goes unnoticed.
func (s *Stamper) Repository(root string) {
	root, dev := s.enter("repository", root)
	gitDir, commonDir, err := gitDirs(root)
	if err != nil {
		s.Fail(err)
	}
	gitDir, _ = s.enter("git directory", gitDir)
	commonDir, _ = s.enter("common git directory", commonDir)
	s.File(filepath.Join(gitDir, "config.worktree"))
	for _, name := range []string{"config", "packed-refs", "shallow", "info/attributes", "info/grafts"} {
		s.File(filepath.Join(commonDir, name))
	}
	s.head(gitDir, commonDir)
	s.tracked(root, dev, s.Read(filepath.Join(gitDir, "index")))
}

// gitDirs finds the directory of this work tree and the one that it shares with others, as gitrepository-layout(5) has it.
func gitDirs(root string) (gitDir, commonDir string, err error) {
	gitDir = filepath.Join(root, ".git")
	info, err := os.Stat(gitDir)
	if err != nil || info.IsDir() {
		return gitDir, gitDir, err
	}
	text, err := ReadFile(gitDir)
	if err != nil {
		return "", "", err
	}
	target, ok := strings.CutPrefix(line(text), "gitdir: ")
	if !ok {
		return "", "", fmt.Errorf("%q does not name a git directory", gitDir)
	}
	gitDir = under(root, target)
	common, err := ReadFile(filepath.Join(gitDir, "commondir"))
	if err != nil || len(common) == 0 {
		return gitDir, gitDir, err
	}
	return gitDir, under(gitDir, line(common)), nil
}

// maxRefs is how many symbolic references may lead to a commit.
const maxRefs = 5

// head follows HEAD to a commit. A branch that has no file of its own is in packed-refs or has no commit yet.
func (s *Stamper) head(gitDir, commonDir string) {
	if s.err != nil {
		return
	}
	if _, err := os.Lstat(filepath.Join(commonDir, "reftable")); !absent(err) {
		s.Fail(fmt.Errorf("%q keeps its references in a reftable", commonDir))
		return
	}
	path := filepath.Join(gitDir, "HEAD")
	for range maxRefs {
		name, symbolic := strings.CutPrefix(line(s.Read(path)), "ref:")
		if !symbolic {
			return
		}
		name = strings.TrimSpace(name)
		if !strings.HasPrefix(name, "refs/") || !filepath.IsLocal(name) {
			s.Fail(fmt.Errorf("%q refers to %q", path, name))
			return
		}
		path = filepath.Join(commonDir, name)
	}
	s.Fail(errors.New("HEAD leads nowhere"))
}

// tracked adds the files of an index, which may be absent from the work tree.
func (s *Stamper) tracked(root string, dev uint64, index []byte) {
	if s.err != nil {
		return
	}
	entries, err := parseIndex(index)
	if err != nil {
		s.Fail(fmt.Errorf("git index of %q: %w", root, err))
	}
	for _, e := range entries {
		s.trackedFile(filepath.Join(root, e.name), dev, e)
		if s.err != nil {
			return
		}
	}
}

func (s *Stamper) trackedFile(path string, dev uint64, e indexEntry) {
	if e.mode != modeFile && e.mode != modeExecutable && e.mode != modeLink {
		s.Fail(fmt.Errorf("%q is tracked as a submodule or something else than a file (mode %o)", path, e.mode))
		return
	}
	s.Text(e.name)
	switch st, err := lstat(path); {
	case absent(err):
		s.Text("absent")
	case err != nil:
		s.Fail(err)
	default:
		s.add(path, st)
		s.mounted(path, st, dev)
	}
}

// Tracks tells whether git tracks a file, whose name is relative to the work tree's root.
func Tracks(root, name string) (bool, error) {
	gitDir, _, err := gitDirs(root)
	if err != nil {
		return false, err
	}
	index, err := ReadFile(filepath.Join(gitDir, "index"))
	if err != nil {
		return false, err
	}
	entries, err := parseIndex(index)
	return slices.ContainsFunc(entries, func(e indexEntry) bool { return e.name == name }), err
}

func line(text []byte) string { return strings.TrimRight(string(text), "\r\n") }

func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
