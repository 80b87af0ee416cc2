package disk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"microvm/runner/disk"
)

func TestCreateBlank(t *testing.T) {
	dir := t.TempDir()
	img := disk.Image{Path: filepath.Join(dir, "img"), SizeMiB: 3, FSType: "none"}
	if created, err := disk.Create(t.Context(), img, tools(nil)); !created || err != nil {
		t.Fatalf("got %v %v", created, err)
	}
	info, err := os.Stat(img.Path)
	if err != nil || info.Size() != 3<<20 || info.Mode() != 0o600 {
		t.Errorf("got %v %v", info, err)
	}
	wantFiles(t, dir, "img")
}

func TestCreateForAGroup(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o770|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	img := disk.Image{Path: filepath.Join(dir, "img"), SizeMiB: 1}
	if created, err := disk.Create(t.Context(), img, tools(nil)); !created || err != nil {
		t.Fatalf("got %v %v", created, err)
	}
	if info, err := os.Stat(img.Path); err != nil || info.Mode() != 0o660 {
		t.Errorf("got %v %v", info, err)
	}
}

func TestCreateTouchesNothingThatExists(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "img")
	if err := os.WriteFile(file, []byte("precious"), 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("img", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link, dir} {
		created, err := disk.Create(t.Context(), disk.Image{Path: path, SizeMiB: 1, FSType: "ext4"}, tools(nil))
		if created || err != nil {
			t.Errorf("%q: got %v %v", path, created, err)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "precious" {
		t.Errorf("got %q %v", text, err)
	}
	wantFiles(t, dir, "img", "link")
}

func TestCreateNowhere(t *testing.T) {
	dir := t.TempDir()
	_, err := disk.Create(t.Context(), disk.Image{Path: filepath.Join(dir, "none/img"), SizeMiB: 1}, tools(nil))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	wantHint(t, err, `make the directory "`+dir+`/none"`)

	link := filepath.Join(dir, "link")
	if err := os.Symlink("gone", link); err != nil {
		t.Fatal(err)
	}
	_, err = disk.Create(t.Context(), disk.Image{Path: link, SizeMiB: 1}, tools(nil))
	wantHint(t, err, "remove the link")
	wantFiles(t, dir, "link")
}

// TestArguments proves that nothing is interpreted on its way to mkfs: no shell, no options out of paths.
func TestArguments(t *testing.T) {
	hostile := []string{"-rf", "--help", "a b", "a\nb", `a"b'c`, "$(reboot)", "*", "grüße", ";"}
	for _, value := range hostile {
		t.Run(value, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			record := filepath.Join(t.TempDir(), "argv")
			mkfs := fake(t, `for a; do printf '%s\0' "$a"; done >'`+record+`'`)
			label := strings.ReplaceAll(value, "\n", "")
			img := disk.Image{Path: value, SizeMiB: 1, FSType: "ext4", Label: label, MkfsArgs: []string{"-O", value}}
			if created, err := disk.Create(t.Context(), img, mkfs); !created || err != nil {
				t.Fatalf("got %v %v", created, err)
			}
			text, err := os.ReadFile(record)
			if err != nil {
				t.Fatal(err)
			}
			argv := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
			if !slices.Equal(argv[:4], []string{"-L", label, "-O", value}) || len(argv) != 5 || !filepath.IsAbs(argv[4]) {
				t.Errorf("got %q", argv)
			}
			wantFiles(t, dir, value)
		})
	}
}

func TestFailureLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	img := disk.Image{Path: filepath.Join(dir, "img"), SizeMiB: 1, FSType: "ext4"}
	created, err := disk.Create(t.Context(), img, fake(t, `echo first >&2; printf 'bad \033[2Jblock size\n' >&2; exit 3`))
	var exit *exec.ExitError
	if created || !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("got %v %v", created, err)
	}
	for _, want := range []string{img.Path, "mkfs.ext4: exit status 3", "first", "bad block size"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	wantFiles(t, dir)
}

func TestCreateAtOnce(t *testing.T) {
	dir := t.TempDir()
	img := disk.Image{Path: filepath.Join(dir, "img"), SizeMiB: 1, FSType: "ext4"}
	mkfs := fake(t, `printf '%s' done >"$1"`)
	var winners atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			created, err := disk.Create(t.Context(), img, mkfs)
			if err != nil {
				t.Error(err)
			}
			if created {
				winners.Add(1)
			}
			if text, err := os.ReadFile(img.Path); err != nil || !bytes.HasPrefix(text, []byte("done")) {
				t.Errorf("a half-made image was to be seen: %v", err)
			}
		})
	}
	all.Wait()
	if winners.Load() != 1 {
		t.Errorf("%d created it", winners.Load())
	}
	wantFiles(t, dir, "img")
}

func TestLeftoversAreRemovedAndDraftsAreNot(t *testing.T) {
	dir := t.TempDir()
	names := []string{".img.tmp-12", ".img.tmp-x", ".img.tmp-34", ".other.tmp-12"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	beingMade, err := disk.Lock(filepath.Join(dir, ".img.tmp-34"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer beingMade.Close()
	created, err := disk.Create(t.Context(), disk.Image{Path: filepath.Join(dir, "img"), SizeMiB: 1}, tools(nil))
	if !created || err != nil {
		t.Fatalf("got %v %v", created, err)
	}
	wantFiles(t, dir, ".img.tmp-34", ".img.tmp-x", ".other.tmp-12", "img")
}

func TestCancel(t *testing.T) {
	dir, ready := t.TempDir(), filepath.Join(t.TempDir(), "ready")
	if err := exec.Command("mkfifo", ready).Run(); err != nil {
		t.Skipf("mkfifo: %v", err)
	}
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		_, _ = os.ReadFile(ready)
		cancel(interrupted)
	}()
	img := disk.Image{Path: filepath.Join(dir, "img"), SizeMiB: 1, FSType: "ext4"}
	_, err := disk.Create(ctx, img, fake(t, fmt.Sprintf("echo >'%s'; exec tail -f /dev/null", ready)))
	if !errors.Is(err, interrupted) {
		t.Errorf("got %v", err)
	}
	wantFiles(t, dir)
}
