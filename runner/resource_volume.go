package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"microvm/runner/disk"
)

// VolumeFile is a disk image, made if it does not exist and locked while the VM
// runs.
type VolumeFile struct {
	Header
	Path     string   `json:"path"`
	Format   string   `json:"format"`
	SizeMiB  int      `json:"sizeMiB,omitempty"`
	FSType   string   `json:"fsType,omitempty"`
	Label    string   `json:"label,omitempty"`
	MkfsArgs []string `json:"mkfsArgs,omitempty"`
	ReadOnly bool     `json:"readOnly"`
	Create   bool     `json:"create"`
	// Ephemeral removes the image after the run that made it, and leaves one
	// that was there as it was.
	Ephemeral bool `json:"ephemeral,omitempty"`

	tools map[string]Tool
	held  *disk.Held
}

func newVolume(v Volume, rt Runtime) *VolumeFile {
	f := &VolumeFile{
		Header: Header{Kind: "volume"}, Path: rt.Path(v.Image), Format: v.ImageType, ReadOnly: v.ReadOnly,
		Create: v.AutoCreate, Ephemeral: rt.Ephemeral && !v.ReadOnly, tools: rt.Tools,
	}
	if v.AutoCreate {
		f.SizeMiB, f.FSType, f.MkfsArgs = v.Size, v.FSType, v.MkfsExtraArgs
		if v.Label != nil {
			f.Label = *v.Label
		}
	}
	return f
}

func (v *VolumeFile) String() string {
	if v.Create {
		return fmt.Sprintf("volume %s (%s, %d MiB, %s)", v.Path, v.Format, v.SizeMiB, v.FSType)
	}
	return fmt.Sprintf("volume %s (%s)", v.Path, v.Format)
}

func (v *VolumeFile) image() disk.Image {
	// imageType says how the hypervisor reads the image. What is created is
	// raw unless it is qcow2, as microvm.nix has it.
	format := disk.Raw
	if v.Format == disk.QCOW2 {
		format = disk.QCOW2
	}
	return disk.Image{
		Path: v.Path, SizeMiB: v.SizeMiB, Format: format, FSType: v.FSType, Label: v.Label, MkfsArgs: v.MkfsArgs,
	}
}

func (v *VolumeFile) tool(name string) (string, error) {
	if t, ok := v.tools[name]; ok {
		return t.Path, nil
	}
	return exec.LookPath(name)
}

// Check finds an image that is missing or in use.
func (v *VolumeFile) Check(context.Context) error {
	_, err := os.Stat(v.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !v.Create:
		return hinted(fmt.Errorf("volume: %q does not exist", v.Path), "give its size, and it is created: --volume IMAGE:SIZE, or autoCreate")
	case errors.Is(err, fs.ErrNotExist):
		return v.checkDir()
	case err != nil:
		return fmt.Errorf("volume: %w", err)
	}
	held, err := v.lock()
	if err != nil {
		return err
	}
	return held.Close()
}

func (v *VolumeFile) checkDir() error {
	if _, err := os.Stat(filepath.Dir(v.Path)); err != nil {
		return hinted(fmt.Errorf("volume: %w", err), "create the directory of the image first")
	}
	return nil
}

// Warnings compares an existing image with its declaration.
func (v *VolumeFile) Warnings() []string {
	if _, err := os.Stat(v.Path); err != nil || !v.Create {
		return nil
	}
	// An image that cannot be read is Check's to report.
	warnings, _ := disk.Check(v.image())
	return warnings
}

func (v *VolumeFile) lock() (*disk.Held, error) {
	return disk.Lock(v.Path, !v.ReadOnly && !v.Ephemeral)
}

// Up makes the image and locks it.
func (v *VolumeFile) Up(ctx context.Context) (func() error, error) {
	created := false
	if v.Create {
		var err error
		if created, err = disk.Create(ctx, v.image(), v.tool); err != nil {
			return nil, err
		}
	}
	held, err := v.lock()
	if err != nil {
		return nil, err
	}
	v.held = held
	return func() error {
		if created && v.Ephemeral {
			return errors.Join(os.Remove(v.Path), held.Close())
		}
		return held.Close()
	}, nil
}

// survive keeps the lock when this process becomes the hypervisor.
func (v *VolumeFile) survive() error { return keepOpen(v.held.File()) }
