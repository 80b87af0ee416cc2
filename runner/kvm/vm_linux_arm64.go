package kvm

import "unsafe"

// The arm64 part of the KVM API.
const (
	kvmCheckExtension  = 0xae03
	kvmPreferredTarget = 0x8020aeaf
	kvmVCPUInit        = 0x4020aeae

	capIPASize     = 165
	defaultIPASize = 40
)

// tryGuest makes a CPU and resets it, but does not run it.
func tryGuest() (answer, error) {
	kvm, err := openKVM()
	if err != nil {
		return answer{}, err
	}
	// The machine's kind is its number of address bits, or 0 for the default, which
	// some CPUs do not have.
	bits, err := ioctl(kvm, "KVM_CHECK_EXTENSION", kvmCheckExtension, capIPASize)
	if err != nil {
		return answer{}, err
	}
	if bits >= defaultIPASize {
		bits = 0
	}
	m, err := newMachine(kvm, uintptr(bits))
	if err != nil {
		return answer{}, err
	}
	var target struct {
		id       uint32
		features [7]uint32
	}
	if err := ioctlTo(m.vm, "KVM_ARM_PREFERRED_TARGET", kvmPreferredTarget, unsafe.Pointer(&target)); err != nil {
		return answer{}, err
	}
	return answer{}, ioctlTo(m.cpu, "KVM_ARM_VCPU_INIT", kvmVCPUInit, unsafe.Pointer(&target))
}
