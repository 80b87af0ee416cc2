package flake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/google/renameio/v2"
)

// Cache keeps answers of nix in files, by a key such as CLI.Fingerprint gives, with what was asked added. It is a directory of its own,
// which Put makes and where only this user can write. Several processes may use it at once.
type Cache struct{ Dir string }

const (
	maxCacheFiles = 100
	maxCacheFile  = 16 << 20
)

// cacheEntry is the file's content: the key is there because the file's name is a hash of it.
type cacheEntry struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

func (c *Cache) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:])+".json")
}

// Get decodes the value that was put for key into v, as encoding/json does. It is false, and v is worth nothing, if there is none, or if
// the file or the directory is damaged, or might be the work of another user.
func (c *Cache) Get(key string, v any) bool {
	if info, err := os.Stat(c.Dir); err != nil || !private(info) {
		return false
	}
	text, err := readPrivate(c.path(key))
	if err != nil {
		return false
	}
	var e cacheEntry
	return json.Unmarshal(text, &e) == nil && e.Key == key && json.Unmarshal(e.Value, v) == nil
}

// Put keeps v, as encoding/json writes it, for key. Of more than 100 values the oldest are dropped. A failure leaves what was there
// before, and need stop nobody.
func (c *Cache) Put(key string, v any) error {
	if err := c.put(key, v); err != nil {
		return fmt.Errorf("evaluation cache: %w", err)
	}
	return nil
}

func (c *Cache) put(key string, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	text, err := json.Marshal(cacheEntry{key, value})
	if err != nil {
		return err
	}
	if len(text) > maxCacheFile {
		return fmt.Errorf("a value of %d bytes is too large", len(text))
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(c.Dir)
	if err != nil {
		return err
	}
	if !private(info) {
		return fmt.Errorf("directory %q belongs to another user, or others can write to it", c.Dir)
	}
	if err := renameio.WriteFile(c.path(key), text, 0o600, renameio.WithTempDir(c.Dir), renameio.WithStaticPermissions(0o600)); err != nil {
		return err
	}
	return c.prune()
}

// private tells whether nobody else, root aside, can have made or changed the file.
func private(info fs.FileInfo) bool { return owned(info) && info.Mode().Perm()&0o022 == 0 }

func owned(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// readPrivate does not follow a link, and does not wait for a pipe.
func readPrivate(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || !private(info) || info.Size() > maxCacheFile {
		return nil, fmt.Errorf("%q: %w", path, fs.ErrPermission)
	}
	return io.ReadAll(io.LimitReader(f, maxCacheFile))
}

// prune drops the oldest files, among them what a Put that was killed left behind.
func (c *Cache) prune() error {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	for _, e := range entries {
		// One that is gone by now was dropped by another process.
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, info := range files[min(len(files), maxCacheFiles):] {
		if err := os.Remove(filepath.Join(c.Dir, info.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
