package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// File is a file that the hypervisor reads.
type File struct {
	Header
	Path string `json:"path"`
	// Field is where the spec names it.
	Field string `json:"field"`
	// Dir is set if it is a directory.
	Dir bool `json:"dir,omitempty"`
	checkOnly
}

func (f *File) String() string { return fmt.Sprintf("%s %s", f.Field, f.Path) }

// Check finds a file that is missing, unreadable or of the wrong kind.
func (f *File) Check(context.Context) error {
	st, err := os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hinted(fmt.Errorf("%s: %q does not exist", f.Field, f.Path), "%s", f.missingHint())
	case err != nil:
		return fmt.Errorf("%s: %w", f.Field, err)
	case f.Dir && !st.IsDir():
		return fmt.Errorf("%s: %q is not a directory", f.Field, f.Path)
	case !f.Dir && st.IsDir():
		return fmt.Errorf("%s: %q is a directory", f.Field, f.Path)
	case f.Dir:
		return nil
	}
	r, err := os.Open(f.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Field, err)
	}
	return r.Close()
}

func (f *File) missingHint() string {
	if f.Dir {
		return "create the directory, or share another one"
	}
	return "relative paths are looked up in the VM's directory; a store path may have been collected: build it again"
}

func planFiles(s *Spec, rt Runtime) []Resource {
	var r []Resource
	add := func(field, path string, dir bool) {
		if path != "" {
			r = append(r, &File{Header{Kind: "file"}, rt.Path(path), field, dir, checkOnly{}})
		}
	}
	add("boot.kernel", s.Boot.Kernel, false)
	add("boot.initrd", s.Boot.Initrd, false)
	add("boot.storeDisk", s.Boot.StoreDisk, false)
	for i, sh := range s.Shares {
		add(fmt.Sprintf("shares[%d].source", i), sh.Source, true)
	}
	for _, name := range sortedKeys(s.CredentialFiles) {
		add(fmt.Sprintf("credentialFiles.%s", name), s.CredentialFiles[name], false)
	}
	return r
}
