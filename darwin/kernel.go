package darwin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"microvm/runner"
)

// Kernel is the format of an aarch64 kernel. The framework starts an
// uncompressed Image only; anything else would be refused late, or hang.
type Kernel struct {
	runner.Header
	Path string `json:"path"`
}

func newKernel(path string) *Kernel {
	return &Kernel{runner.Header{Kind: "kernel"}, path}
}

func (k *Kernel) String() string { return fmt.Sprintf("uncompressed kernel %s", k.Path) }

// Check reads the kernel's header.
func (k *Kernel) Check(context.Context) error {
	f, err := os.Open(k.Path)
	if errors.Is(err, fs.ErrNotExist) {
		// The plan's files say so.
		return nil
	}
	if err != nil {
		return fmt.Errorf("boot.kernel: %w", err)
	}
	defer f.Close()
	header := make([]byte, imageHeader)
	n, err := io.ReadFull(f, header)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("boot.kernel: %w", err)
	}
	if format := kernelFormat(header[:n]); format != "" {
		return &formatError{k.Path, format}
	}
	return nil
}

// Up has nothing to make.
func (k *Kernel) Up(context.Context) (func() error, error) { return nil, nil }

// Where an arm64 Image has its magic: Documentation/arch/arm64/booting.rst.
const (
	imageHeader  = 64
	imageMagicAt = 56
	imageMagic   = "ARM\x64"
)

// otherFormats are what kernels also come as, by how they begin.
var otherFormats = []struct{ magic, name string }{
	{"\x1f\x8b", "compressed by gzip"},
	{"\x28\xb5\x2f\xfd", "compressed by zstd"},
	{"\xfd7zXZ\x00", "compressed by xz"},
	{"BZh", "compressed by bzip2"},
	{"\x02\x21\x4c\x18", "compressed by lz4"},
	{"\x04\x22\x4d\x18", "compressed by lz4"},
	{"\x5d\x00\x00", "compressed by lzma"},
	{"MZ\x00\x00zimg", "an EFI zboot image, which is compressed"},
	{"\x7fELF", "an ELF file"},
}

// kernelFormat names what is not an arm64 Image; it is empty for one that is.
func kernelFormat(header []byte) string {
	if len(header) >= imageHeader && bytes.HasPrefix(header[imageMagicAt:], []byte(imageMagic)) {
		return ""
	}
	for _, f := range otherFormats {
		if bytes.HasPrefix(header, []byte(f.magic)) {
			return f.name
		}
	}
	return "no kernel for arm64"
}

// formatError is a kernel that the framework would not start.
type formatError struct{ path, format string }

func (e *formatError) Error() string {
	return fmt.Sprintf("boot.kernel: %q is %s, and vfkit needs an uncompressed Image", e.path, e.format)
}

// Hint is where to get one.
func (e *formatError) Hint() string {
	return "use arch/arm64/boot/Image of the kernel's build, or decompress it"
}
