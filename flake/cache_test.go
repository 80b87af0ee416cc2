package flake

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

type cached struct {
	Name string
	Spec json.RawMessage
}

func newCache(t *testing.T) *Cache {
	t.Helper()
	return &Cache{Dir: filepath.Join(t.TempDir(), "a", "b")}
}

func TestCacheKeeps(t *testing.T) {
	c := newCache(t)
	var got cached
	if c.Get("key", &got) {
		t.Fatal("an empty cache has an answer")
	}
	for _, key := range []string{"key", "", "../../x", "a\x00b", strings.Repeat("long", 1000)} {
		want := cached{Name: key, Spec: json.RawMessage(`{"a":[1,"<&>"]}`)}
		if err := c.Put(key, want); err != nil {
			t.Fatal(err)
		}
		if !c.Get(key, &got) || got.Name != want.Name || !sameJSON(t, got.Spec, want.Spec) {
			t.Errorf("%q gives %+v", key, got)
		}
		if c.Get(key+"x", &got) {
			t.Errorf("%q has an answer too", key+"x")
		}
	}
	if err := c.Put("key", cached{Name: "new"}); err != nil {
		t.Fatal(err)
	}
	if !c.Get("key", &got) || got.Name != "new" {
		t.Errorf("after another Put: %+v", got)
	}
	if err := c.Put("key", func() {}); err == nil {
		t.Error("a function was put")
	}
	if err := c.Put("key", strings.Repeat("x", maxCacheFile)); err == nil || !c.Get("key", &got) {
		t.Errorf("what is too large gives %v", err)
	}
}

func sameJSON(t *testing.T, a, b json.RawMessage) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(x) == fmt.Sprint(y)
}

func TestCacheModes(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	c := newCache(t)
	if err := c.Put("key", 1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{c.Dir: 0o700, c.path("key"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q has mode %v, %v", path, info.Mode(), err)
		}
	}
}

func TestCacheDistrusts(t *testing.T) {
	tests := map[string]func(c *Cache, file string) error{
		"open file":      func(_ *Cache, file string) error { return os.Chmod(file, 0o620) },
		"open directory": func(c *Cache, _ string) error { return os.Chmod(c.Dir, 0o777) },
		"cut off":        func(_ *Cache, file string) error { return os.Truncate(file, 5) },
		"empty":          func(_ *Cache, file string) error { return os.Truncate(file, 0) },
		"too large":      func(_ *Cache, file string) error { return os.Truncate(file, maxCacheFile+1) },
		"other key":      func(c *Cache, file string) error { return os.Rename(c.path("other"), file) },
		"other type": func(_ *Cache, file string) error {
			return os.WriteFile(file, []byte(`{"key":"key","value":"text"}`), 0o600)
		},
		"no value": func(_ *Cache, file string) error { return os.WriteFile(file, []byte(`{"key":"key"}`), 0o600) },
		"link": func(_ *Cache, file string) error {
			return errors.Join(os.Rename(file, file+".moved"), os.Symlink(file+".moved", file))
		},
		"pipe": func(_ *Cache, file string) error {
			return errors.Join(os.Remove(file), syscall.Mkfifo(file, 0o600))
		},
	}
	if os.Geteuid() == 0 {
		const nobody = 65534
		tests["foreign file"] = func(_ *Cache, file string) error { return os.Chown(file, nobody, nobody) }
		tests["foreign directory"] = func(c *Cache, _ string) error { return os.Chown(c.Dir, nobody, nobody) }
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCache(t)
			for _, key := range []string{"key", "other"} {
				if err := c.Put(key, 1); err != nil {
					t.Fatal(err)
				}
			}
			if err := spoil(c, c.path("key")); err != nil {
				t.Fatal(err)
			}
			var v int
			if c.Get("key", &v) {
				t.Errorf("got %d", v)
			}
		})
	}
	c := newCache(t)
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(c.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := c.Put("key", 1); err == nil {
		t.Error("a directory that anyone can write to was used")
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache(t)
	if err := c.Put("oldest", 0); err != nil {
		t.Fatal(err)
	}
	leftover := filepath.Join(c.Dir, ".left-by-a-kill")
	if err := os.WriteFile(leftover, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, path := range []string{c.path("oldest"), leftover} {
		if err := os.Chtimes(path, time.Time{}, time.Unix(int64(i), 0)); err != nil {
			t.Fatal(err)
		}
	}
	// Without waiting for the disk, as Put does.
	for i := range maxCacheFiles - 1 {
		text := fmt.Appendf(nil, `{"key":"%d","value":%d}`, i, i)
		if err := os.WriteFile(c.path(fmt.Sprint(i)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Put("newest", 0); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(c.Dir)
	if err != nil || len(entries) != maxCacheFiles {
		t.Errorf("%d files, %v", len(entries), err)
	}
	var v int
	if c.Get("oldest", &v) || !c.Get("0", &v) || !c.Get("newest", &v) {
		t.Error("something else than the oldest was dropped")
	}
}

func TestCacheConcurrently(t *testing.T) {
	c := newCache(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := c.Put("key", strings.Repeat(fmt.Sprint(i), 1<<16)); err != nil {
				t.Error(err)
			}
			var v string
			if !c.Get("key", &v) || len(v) != 1<<16 || strings.Trim(v, v[:1]) != "" {
				t.Errorf("got %d bytes", len(v))
			}
		})
	}
	wg.Wait()
}
