package darwin

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// image is the header of an arm64 Image that begins with these bytes.
func image(begin string) string {
	return begin + strings.Repeat("\x00", imageMagicAt-len(begin)) + "ARM\x64" + "\x00\x00\x00\x00"
}

func TestKernelFormat(t *testing.T) {
	pad := strings.Repeat("\x00", 64)
	for name, tt := range map[string]struct{ header, want string }{
		"Image":           {image("\x00\x00\x00\x14"), ""},
		"Image with EFI":  {image("MZ\x40\xfa"), ""},
		"gzip":            {"\x1f\x8b\x08\x00" + pad, "compressed by gzip"},
		"zstd":            {"\x28\xb5\x2f\xfd" + pad, "compressed by zstd"},
		"xz":              {"\xfd7zXZ\x00" + pad, "compressed by xz"},
		"bzip2":           {"BZh9" + pad, "compressed by bzip2"},
		"lz4":             {"\x02\x21\x4c\x18" + pad, "compressed by lz4"},
		"lz4 frame":       {"\x04\x22\x4d\x18" + pad, "compressed by lz4"},
		"lzma":            {"\x5d\x00\x00\x80" + pad, "compressed by lzma"},
		"zboot":           {"MZ\x00\x00zimg" + pad, "an EFI zboot image, which is compressed"},
		"ELF":             {"\x7fELF" + pad, "an ELF file"},
		"bzImage":         {"MZ\xea\x07\x00" + pad, "no kernel for arm64"},
		"a short Image":   {image("")[:59], "no kernel for arm64"},
		"an empty file":   {"", "no kernel for arm64"},
		"magic elsewhere": {"ARM\x64" + pad, "no kernel for arm64"},
	} {
		if got := kernelFormat([]byte(tt.header)); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestKernelCheck(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, path := range []string{write("Image", image("")+"code"), filepath.Join(dir, "missing")} {
		if err := newKernel(path).Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	path := write("Image.gz", "\x1f\x8b")
	err := newKernel(path).Check(t.Context())
	var hinted interface{ Hint() string }
	if !errors.As(err, &hinted) || hinted.Hint() == "" || err.Error() != `boot.kernel: "`+path+`" is compressed by gzip, and vfkit needs an uncompressed Image` {
		t.Errorf("got %v", err)
	}
	if err := newKernel(dir).Check(t.Context()); err == nil {
		t.Error("a directory passed")
	}
}
