package runner

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// versionTimeout bounds a program that does not know --version.
const versionTimeout = 5 * time.Second

// versionCache remembers what programs say of themselves, as long as their
// file does not change.
type versionCache struct {
	file    string
	known   map[string]cachedVersion
	changed bool
}

type cachedVersion struct {
	Size    int64     `json:"size"`
	ModTime time.Time `json:"modTime"`
	Version Version   `json:"version"`
}

// openVersionCache reads the cache; one that is damaged is an empty one.
func openVersionCache(file string) *versionCache {
	c := &versionCache{file: file}
	if b, err := os.ReadFile(file); err == nil {
		_ = json.Unmarshal(b, &c.known)
	}
	if c.known == nil {
		c.known = map[string]cachedVersion{}
	}
	return c
}

// of is the version of the program at the path, zero if it does not say.
func (c *versionCache) of(ctx context.Context, path string) Version {
	st, err := os.Stat(path)
	if err != nil {
		return Version{}
	}
	if k, ok := c.known[path]; ok && k.Size == st.Size() && k.ModTime.Equal(st.ModTime()) {
		return k.Version
	}
	v := askVersion(ctx, path)
	c.known[path] = cachedVersion{st.Size(), st.ModTime(), v}
	c.changed = true
	return v
}

func askVersion(ctx context.Context, path string) Version {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	arg := "--version"
	if base := filepath.Base(path); base == "crosvm" {
		arg = "version"
	}
	out, err := exec.CommandContext(ctx, path, arg).CombinedOutput()
	if err != nil {
		return Version{}
	}
	v, err := ParseVersion(string(out))
	if err != nil {
		return Version{}
	}
	return v
}

// save writes what is new. Without a cache every run asks anew, which is slower
// and no mistake, so that it may fail.
func (c *versionCache) save() {
	b, err := json.Marshal(c.known)
	if !c.changed || err != nil || os.MkdirAll(filepath.Dir(c.file), 0o700) != nil {
		return
	}
	_ = renameio.WriteFile(c.file, b, 0o600)
}
