package kvm

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

var sample = Cached{
	Report: Report{Path: devicePath, Module: "kvm_intel", Verdict: Works,
		Layers: []Layer{{"device", true, "exists", ""}, {"module", false, "odd", "fix"}}},
	Hung: true, HungReason: "it hangs", Booted: true, TSCkHz: 2596142,
}

func stored(t *testing.T) (dir, path string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "a", "b")
	if err := Store(dir, sample); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, cacheFile)
}

func TestCacheRoundTrip(t *testing.T) {
	dir, path := stored(t)
	if got, ok := Load(dir); !ok || !reflect.DeepEqual(got, sample) {
		t.Errorf("Load = %+v, %v; want %+v", got, ok, sample)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	if err := Store(dir, Cached{TSCkHz: 1}); err != nil {
		t.Fatal(err)
	}
	if got, ok := Load(dir); !ok || got.TSCkHz != 1 || got.Hung {
		t.Errorf("Load after a second Store = %+v, %v", got, ok)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("left in the directory: %v, %v", files, err)
	}
}

func TestCacheIsIgnored(t *testing.T) {
	replace := func(old, new string) func(string) error {
		return func(path string) error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			changed := bytes.Replace(data, []byte(old), []byte(new), 1)
			if bytes.Equal(changed, data) {
				t.Errorf("no %s in %s", old, data)
			}
			return os.WriteFile(path, changed, 0o600)
		}
	}
	for name, spoil := range map[string]func(path string) error{
		"absent":        os.Remove,
		"empty":         func(path string) error { return os.Truncate(path, 0) },
		"cut short":     func(path string) error { return os.Truncate(path, 100) },
		"too long":      func(path string) error { return os.Truncate(path, maxCacheSize+1) },
		"other boot":    replace(`"boot":"`, `"boot":"x`),
		"other device":  replace(`"rdev":`, `"rdev":9`),
		"other modules": replace(`"modules":`, `"modules":["kvm_fake"],"was":`),
		"other user":    replace(`"uid":`, `"uid":9`),
		"other groups":  replace(`"groups":`, `"groups":[4711],"was":`),
		"other version": replace(`"version":1`, `"version":2`),
		"writable":      func(path string) error { return os.Chmod(path, 0o622) },
		"a link": func(path string) error {
			if err := os.Rename(path, path+".real"); err != nil {
				return err
			}
			return os.Symlink(path+".real", path)
		},
		"a directory": func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o700)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := stored(t)
			if err := spoil(path); err != nil {
				t.Fatal(err)
			}
			if got, ok := Load(dir); ok {
				t.Errorf("Load = %+v", got)
			}
		})
	}
}

func TestCacheOfAnotherUserIsIgnored(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	dir, path := stored(t)
	if err := os.Chown(path, 4711, -1); err != nil {
		t.Fatal(err)
	}
	if _, ok := Load(dir); ok {
		t.Error("Load accepts another user's file")
	}
}

func TestStoreFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Store(filepath.Join(file, "dir"), sample); err == nil {
		t.Error("Store below a file succeeds")
	}
}

func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	if err := Store(dir, sample); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, cacheFile)
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := currentKey()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := Load(dir); ok && !bytes.Contains(data, []byte(key.Boot)) {
			t.Errorf("accepted %q, which is not of this boot", data)
		}
	})
}
