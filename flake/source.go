package flake

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"microvm/flake/stamp"
)

// source is where a flake's files come from: a revision that never changes (root is empty), or a local directory, of which git
// decides what belongs to the flake or not.
type source struct {
	root, dir string
	git       bool
}

var errUnlocked = errors.New("neither local nor locked to a revision or hash")

// locateSource finds what nix would read for an absolute reference.
func locateSource(ref Ref) (source, error) {
	scheme := schemePattern.FindString(ref.URL)
	target, query, _ := strings.Cut(strings.TrimPrefix(ref.URL, scheme), "?")
	params, err := url.ParseQuery(query)
	if err != nil {
		return source{}, fmt.Errorf("flake reference %q: %w", ref.URL, err)
	}
	if isLocked(scheme, target, params) {
		return source{}, nil
	}
	dir, err := localDir(params)
	if err != nil {
		return source{}, fmt.Errorf("flake reference %q: %w", ref.URL, err)
	}
	switch {
	case scheme == "" && query == "" && filepath.IsAbs(target):
		return bareSource(target)
	case scheme == "path:":
		root, err := urlPath(target)
		return source{root: root, dir: dir}, err
	case scheme == "git+file:":
		root, err := urlPath(target)
		return source{root: root, dir: dir, git: true}, err
	}
	return source{}, fmt.Errorf("flake reference %q: %w", ref.URL, errUnlocked)
}

var (
	hashPattern       = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	revScheme         = regexp.MustCompile(`^(github|gitlab|sourcehut|git\+[a-z]+|hg\+[a-z]+):$`)
	forgeScheme       = regexp.MustCompile(`^(github|gitlab|sourcehut):$`)
	lockedForgeTarget = regexp.MustCompile(`^[^/]+/[^/]+/[0-9a-f]{40}$`)
)

// isLocked tells whether a URL can only ever mean the same files. Nix looks at the narHash of a `path:` only after it has read it.
func isLocked(scheme, target string, params url.Values) bool {
	switch {
	case scheme == "" || scheme == "path:":
		return false
	case params.Get("narHash") != "":
		return true
	case forgeScheme.MatchString(scheme) && lockedForgeTarget.MatchString(target):
		return true
	}
	return revScheme.MatchString(scheme) && hashPattern.MatchString(params.Get("rev"))
}

// localDir is the only parameter of local references that is understood here.
func localDir(params url.Values) (string, error) {
	for name := range params {
		if name != "dir" {
			return "", fmt.Errorf("parameter %q", name)
		}
	}
	dir := params.Get("dir")
	if dir != "" && !filepath.IsLocal(dir) {
		return "", fmt.Errorf("directory %q outside the source", dir)
	}
	return dir, nil
}

func urlPath(target string) (string, error) {
	path, err := percentDecode(strings.TrimPrefix(target, "//"))
	if err == nil && !filepath.IsAbs(path) {
		err = fmt.Errorf("%q is not an absolute path", target)
	}
	return filepath.Clean(path), err
}

// bareSource does what nix does with a path: it looks for flake.nix there and above, then for a git repository around it.
func bareSource(path string) (source, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return source{}, err
	}
	path, found := climb(path, "flake.nix")
	if !found {
		return source{}, fmt.Errorf("no flake.nix in %q or above", path)
	}
	root, found := climb(path, ".git")
	if !found {
		return source{root: path}, nil
	}
	dir, err := filepath.Rel(root, path)
	return source{root: root, dir: dir, git: true}, err
}

// climb finds the nearest directory, from path upwards, that has name in it.
func climb(path, name string) (string, bool) {
	for dir := path; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return dir, true
		}
		if dir == filepath.Dir(dir) {
			return path, false
		}
	}
}

// stamp adds all that an evaluation can see of the source.
func (src source) stamp(s *stamp.Stamper) {
	s.Text("source", src.root, src.dir)
	switch {
	case src.git:
		s.Repository(src.root)
	case src.root != "":
		s.Tree(src.root)
	}
}
