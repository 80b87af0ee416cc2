package disk_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"microvm/runner/disk"
)

const crashVariable = "MICROVM_DISK_TEST_CRASH"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashVariable); dir != "" {
		mkfs := tools(map[string]string{"mkfs.ext4": filepath.Join(dir, "mkfs.ext4")})
		img := disk.Image{Path: filepath.Join(dir, "images/img"), SizeMiB: 1, FSType: "ext4"}
		_, err := disk.Create(context.Background(), img, mkfs)
		panic(err)
	}
	os.Exit(m.Run())
}

// TestKilledInTheMiddle runs Create in a process whose mkfs kills it with SIGKILL after it has begun to write.
func TestKilledInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	images := filepath.Join(dir, "images")
	if err := os.Mkdir(images, 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nprintf half >\"$1\"\nkill -9 $PPID\n"
	if err := os.WriteFile(filepath.Join(dir, "mkfs.ext4"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	crash := exec.Command(os.Args[0])
	crash.Env = append(os.Environ(), crashVariable+"="+dir)
	if out, err := crash.CombinedOutput(); err == nil || len(out) > 0 {
		t.Fatalf("was not killed: %v %s", err, out)
	}
	left, err := os.ReadDir(images)
	if err != nil || len(left) != 1 || left[0].Name() == "img" {
		t.Fatalf("want one draft and no image, got %v %v", left, err)
	}
	img := disk.Image{Path: filepath.Join(images, "img"), SizeMiB: 1, FSType: "ext4"}
	if created, err := disk.Create(t.Context(), img, fake(t, `printf whole >"$1"`)); !created || err != nil {
		t.Fatalf("got %v %v", created, err)
	}
	wantFiles(t, images, "img")
}
