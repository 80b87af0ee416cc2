package flake

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLocateSource has a repository R with flakes in R and R/sub, a flake F outside of it, a link L to R/sub, and an empty directory E.
func TestLocateSource(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"R/.git", "R/sub/deep", "F/x y", "E"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"R", "R/sub", "F"} {
		if err := os.WriteFile(filepath.Join(top, dir, "flake.nix"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("R/sub", filepath.Join(top, "L")); err != nil {
		t.Fatal(err)
	}
	const rev = "643809054d65fdd466a63e3155b8c498cb483c04"
	for url, want := range map[string]source{
		"T/R":                       {root: "T/R", dir: ".", git: true},
		"T/R/sub":                   {root: "T/R", dir: "sub", git: true},
		"T/R/sub/deep":              {root: "T/R", dir: "sub", git: true},
		"T/L":                       {root: "T/R", dir: "sub", git: true},
		"T/F":                       {root: "T/F"},
		"T/F/x y":                   {root: "T/F"},
		"path:T/R":                  {root: "T/R"},
		"path:T/L":                  {root: "T/L"},
		"path://T/R?dir=sub":        {root: "T/R", dir: "sub"},
		"path:T/F/x%20y":            {root: "T/F/x y"},
		"git+file:T/R":              {root: "T/R", git: true},
		"git+file://T/R?dir=sub":    {root: "T/R", dir: "sub", git: true},
		"git+file://T/R?rev=" + rev: {},
		"github:o/r/" + rev:         {},
		"github:o/r?rev=" + rev:     {},
		"github:o/r/main?dir=d&narHash=sha256-ICSFBmjnsGUF6g2LwCLv0HfKul%2BPjvaBn6KBVtJz6pA=": {},
		"sourcehut:~o/r/" + rev:                 {},
		"git+https://h/r?ref=main&rev=" + rev:   {},
		"https://h/x.tar.gz?narHash=sha256-abc": {},
	} {
		url = strings.Replace(url, "T/", top+"/", 1)
		if want.root != "" {
			want.root = filepath.Join(top, strings.TrimPrefix(want.root, "T/"))
		}
		got, err := locateSource(Ref{URL: url})
		if err != nil || got != want {
			t.Errorf("%q is %+v, %v", url, got, err)
		}
	}
	for _, url := range []string{
		"T/E", "T/none", "T/F?dir=x", "nixpkgs", "nixpkgs/" + rev, "flake:nixpkgs", ".", "path:.", "path:x", "path://host/x",
		"path:T/F?narHash=sha256-abc", "path:T/F?rev=" + rev, "path:T/F?dir=../E", "path:T/F?dir=/etc", "path:T/F%zz", "path:T/F?dir=%zz",
		"git+file:T/R?ref=main", "git+file:T/R?submodules=1", "git+file:T/R?rev=main", "git+file://host/R", "git+file:T/R?dir=..",
		"github:o/r", "github:o/r/main", "github:o/r/" + rev[1:], "github:o/r/" + rev + "/x", "github:o/r?rev=v1.0", "git+https://h/r?ref=main",
		"https://h/x.tar.gz?rev=" + rev, "https://h/" + rev, "unknown:x?rev=" + rev,
	} {
		url = strings.Replace(url, "T/", top+"/", 1)
		if got, err := locateSource(Ref{URL: url}); err == nil {
			t.Errorf("%q is %+v", url, got)
		}
	}
}
