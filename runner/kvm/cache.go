package kvm

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/google/renameio/v2"
)

const (
	cacheFile    = "accel.json"
	cacheVersion = 1
	maxCacheSize = 64 << 10
)

// Cached are facts that hold until the host boots again, or until the device,
// its modules or the user's groups change.
type Cached struct {
	// Report is what Probe found.
	Report Report `json:"report"`
	// Hung is set when a guest never reached its kernel although the report says
	// that KVM works; HungReason is what was seen.
	Hung       bool   `json:"hung,omitempty"`
	HungReason string `json:"hungReason,omitempty"`
	// Booted is set once a guest has reached its kernel.
	Booted bool `json:"booted,omitempty"`
	// TSCkHz is what the function of that name measured; 0 if it was not called.
	TSCkHz int `json:"tscKHz,omitempty"`
}

// cacheKey is all that the facts depend on.
type cacheKey struct {
	Version int      `json:"version"`
	Boot    string   `json:"boot"`
	Device  node     `json:"device"`
	Modules []string `json:"modules"`
	UID     int      `json:"uid"`
	Groups  []int    `json:"groups"`
}

func (k cacheKey) equal(o cacheKey) bool {
	return k.Version == o.Version && k.Boot == o.Boot && k.Device == o.Device && k.UID == o.UID &&
		slices.Equal(k.Modules, o.Modules) && slices.Equal(k.Groups, o.Groups)
}

type cacheEntry struct {
	Key   cacheKey `json:"key"`
	Facts Cached   `json:"facts"`
}

// currentKey needs a boot id: facts without one would never become stale. A
// device that is absent has the zero identity.
func currentKey() (cacheKey, error) {
	boot, err := bootID()
	if err != nil {
		return cacheKey{}, fmt.Errorf("identity of this boot: %w", err)
	}
	groups, err := os.Getgroups()
	if err != nil {
		return cacheKey{}, fmt.Errorf("groups of this process: %w", err)
	}
	slices.Sort(groups)
	device, _ := statDevice()
	modules := host{root: "/"}.modules()
	return cacheKey{cacheVersion, boot, device, modules, os.Geteuid(), groups}, nil
}

// Load returns what Store kept in the directory. It is false if there is
// nothing, if it is of another boot or situation, or if the file is not what
// this user's Store would have written.
func Load(dir string) (Cached, bool) {
	data, err := readOwn(filepath.Join(dir, cacheFile))
	if err != nil {
		return Cached{}, false
	}
	var entry cacheEntry
	if err := json.Unmarshal(data, &entry); err != nil {
		return Cached{}, false
	}
	key, err := currentKey()
	if err != nil || !key.equal(entry.Key) {
		return Cached{}, false
	}
	return entry.Facts, true
}

// readOwn reads a file that nobody else can have written.
func readOwn(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 || int(st.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("%q is not a private file: %w", path, os.ErrPermission)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxCacheSize+1))
	if err == nil && len(data) > maxCacheSize {
		err = fmt.Errorf("%q is longer than %d bytes", path, maxCacheSize)
	}
	return data, err
}

// Store keeps the facts, atomically, in a directory that it makes private to
// this user if it does not exist.
func Store(dir string, c Cached) error {
	key, err := currentKey()
	if err != nil {
		return err
	}
	data, err := json.Marshal(cacheEntry{key, c})
	if err != nil {
		return fmt.Errorf("cache of the accelerator: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cache of the accelerator: %w", err)
	}
	path := filepath.Join(dir, cacheFile)
	if err := renameio.WriteFile(path, data, 0o600, renameio.WithTempDir(dir), renameio.WithStaticPermissions(0o600)); err != nil {
		return fmt.Errorf("cache of the accelerator %q: %w", path, err)
	}
	return nil
}
