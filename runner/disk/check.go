package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Check compares an existing image with its declaration and changes nothing. A difference that the VM can live with is
// a warning, a complete sentence; an image that it cannot use is an error. A SizeMiB of 0 declares no size.
func Check(img Image) (warnings []string, err error) {
	f, err := openDisk(img.Path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	header, actual, err := measure(f)
	if err != nil {
		return nil, fmt.Errorf("volume %q: %w", img.Path, err)
	}
	isQCOW2 := bytes.HasPrefix(header, []byte(qcow2Magic))
	if img.Format == QCOW2 {
		if actual, err = parseQCOW2(header); err != nil {
			return nil, &hinted{
				err:  fmt.Errorf("volume %q: %w", img.Path, err),
				hint: "declare the format that it has, or convert it with: qemu-img convert -O qcow2 FROM TO",
			}
		}
	} else if isQCOW2 {
		warnings = append(warnings, fmt.Sprintf("volume %q looks like a qcow2 image and is used as a raw disk.", img.Path))
	}
	if img.SizeMiB != 0 && actual != img.bytes() {
		warnings = append(warnings, fmt.Sprintf("volume %q has %s and %s are declared; it is used as it is.",
			img.Path, exact(actual), exact(img.bytes())))
	}
	return warnings, nil
}

// measure returns the start of the file, as much as a qcow2 header needs, and the file's length.
func measure(f *os.File) (header []byte, size int64, err error) {
	header = make([]byte, qcow2HeaderBytes)
	n, err := f.ReadAt(header, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	size, err = f.Seek(0, io.SeekEnd)
	return header[:n], size, err
}

const (
	qcow2Magic       = "QFI\xfb"
	qcow2HeaderBytes = 32
)

// parseQCOW2 reads the disk's size in bytes from the start of a qcow2 header (docs/interop/qcow2.txt of QEMU).
func parseQCOW2(header []byte) (int64, error) {
	if len(header) < qcow2HeaderBytes || !bytes.HasPrefix(header, []byte(qcow2Magic)) {
		return 0, errors.New("no qcow2 header")
	}
	if version := binary.BigEndian.Uint32(header[4:]); version != 2 && version != 3 {
		return 0, fmt.Errorf("unknown qcow2 version %d (known: 2, 3)", version)
	}
	if bits := binary.BigEndian.Uint32(header[20:]); bits < 9 || bits > 21 {
		return 0, fmt.Errorf("qcow2 cluster of 2^%d bytes (known: 9 to 21)", bits)
	}
	size := binary.BigEndian.Uint64(header[24:])
	if int64(size) < 0 {
		return 0, fmt.Errorf("qcow2 disk of %d bytes is too large", size)
	}
	return int64(size), nil
}

func exact(n int64) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
