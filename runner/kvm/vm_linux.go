//go:build amd64 || arm64

package kvm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The KVM API, from linux/kvm.h.
const (
	apiVersion       = 12
	kvmGetAPIVersion = 0xae00
	kvmCreateVM      = 0xae01
	kvmCreateVCPU    = 0xae41
	kvmSetMemory     = 0x4020ae46
)

const guestMemorySize = 64 << 10

// RunChild runs a throw-away virtual machine in this process and writes what
// became of it to w, for the parent that runs Probe. Its error is w's.
func RunChild(w io.Writer) error {
	a, err := tryGuest()
	if err != nil {
		a = answer{Error: err.Error()}
		if errors.Is(err, unix.EBUSY) {
			a.Fix = "another hypervisor, such as VirtualBox, holds the CPU's virtualization: stop its guests"
		}
	}
	return json.NewEncoder(w).Encode(a)
}

// machine is a virtual machine with one CPU and memory from address 0. What it
// holds ends with the process.
type machine struct {
	kvm, vm, cpu int
	memory       []byte
}

func openKVM() (int, error) {
	fd, err := unix.Open(devicePath, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, &os.PathError{Op: "open", Path: devicePath, Err: err}
	}
	version, err := ioctl(fd, "KVM_GET_API_VERSION", kvmGetAPIVersion, 0)
	if err == nil && version != apiVersion {
		err = fmt.Errorf("version %d of the KVM API, not %d", version, apiVersion)
	}
	return fd, err
}

// newMachine makes a machine of a kind that the architecture defines.
func newMachine(kvm int, kind uintptr) (*machine, error) {
	vm, err := ioctl(kvm, "KVM_CREATE_VM", kvmCreateVM, kind)
	if err != nil {
		return nil, err
	}
	memory, err := unix.Mmap(-1, 0, guestMemorySize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("guest memory: %w", err)
	}
	slot := struct {
		slot, flags           uint32
		guest, size, userland uint64
	}{size: guestMemorySize, userland: uint64(uintptr(unsafe.Pointer(&memory[0])))}
	if err := ioctlTo(vm, "KVM_SET_USER_MEMORY_REGION", kvmSetMemory, unsafe.Pointer(&slot)); err != nil {
		return nil, err
	}
	cpu, err := ioctl(vm, "KVM_CREATE_VCPU", kvmCreateVCPU, 0)
	if err != nil {
		return nil, err
	}
	return &machine{kvm, vm, cpu, memory}, nil
}

func ioctl(fd int, name string, request, arg uintptr) (int, error) {
	for {
		r, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, arg)
		switch errno {
		case 0:
			return int(r), nil
		case unix.EINTR: // a signal of Go's runtime
		default:
			return 0, fmt.Errorf("%s: %w", name, errno)
		}
	}
}

// ioctlTo passes memory that the kernel reads or fills.
func ioctlTo(fd int, name string, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg)); errno != 0 {
		return fmt.Errorf("%s: %w", name, errno)
	}
	return nil
}
