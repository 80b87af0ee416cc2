package kvm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The x86 part of the KVM API.
const (
	kvmGetMmapSize = 0xae04
	kvmRun         = 0xae80
	kvmSetRegs     = 0x4090ae82
	kvmGetSregs    = 0x8138ae83
	kvmSetSregs    = 0x4138ae84

	exitIO  = 2
	exitHLT = 5
)

// Offsets in struct kvm_run.
const (
	runExitReason = 8
	runIOSize     = 33
	runIOPort     = 34
	runIOData     = 40
)

// registers is struct kvm_regs.
type registers struct {
	rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp uint64
	r8to15                                 [8]uint64
	rip, rflags                            uint64
}

// segment is struct kvm_segment.
type segment struct {
	base                           uint64
	limit                          uint32
	selector                       uint16
	kind, present, dpl, db, s, l   uint8
	granularity, available, unused uint8
	_                              uint8
}

// systemRegisters is struct kvm_sregs.
type systemRegisters struct {
	cs, ds, es, fs, gs, ss, tr, ldt segment
	gdt, idt                        struct {
		base  uint64
		limit uint16
		_     [3]uint16
	}
	cr0, cr2, cr3, cr4, cr8, efer, apicBase uint64
	interrupts                              [4]uint64
}

// The guest counts down in 64 bit mode, where kernels run, adds two numbers,
// writes the sum to a port and halts.
const (
	rounds       = 50_000
	instructions = 2*rounds + 2
	port         = 0x10
	sum          = 0x5a

	codeAddress  = 0x1000
	tableAddress = 0x2000
)

var program = [...]byte{
	0xff, 0xc9, // dec ecx
	0x75, 0xfc, // jnz to the start
	0x00, 0xd8, // add al, bl
	0xe6, port, // out port, al
	0xf4, // hlt
}

func tryGuest() (answer, error) {
	kvm, err := openKVM()
	if err != nil {
		return answer{}, err
	}
	m, err := newMachine(kvm, 0)
	if err != nil {
		return answer{}, err
	}
	if err := m.load(); err != nil {
		return answer{}, err
	}
	return m.run()
}

// load puts the program and the page tables, which map the first 2 MiB to
// themselves, into memory and the CPU at the program's start.
func (m *machine) load() error {
	const present, writable, large = 1, 2, 1 << 7
	copy(m.memory[codeAddress:], program[:])
	entries := []uint64{tableAddress + 0x1000, tableAddress + 0x2000, large}
	for level, entry := range entries {
		binary.LittleEndian.PutUint64(m.memory[tableAddress+0x1000*level:], entry|present|writable)
	}
	var s systemRegisters
	if err := ioctlTo(m.cpu, "KVM_GET_SREGS", kvmGetSregs, unsafe.Pointer(&s)); err != nil {
		return err
	}
	s.enterLongMode()
	if err := ioctlTo(m.cpu, "KVM_SET_SREGS", kvmSetSregs, unsafe.Pointer(&s)); err != nil {
		return err
	}
	r := registers{rip: codeAddress, rflags: 2, rcx: rounds, rax: sum - 0x1a, rbx: 0x1a}
	return ioctlTo(m.cpu, "KVM_SET_REGS", kvmSetRegs, unsafe.Pointer(&r))
}

func (s *systemRegisters) enterLongMode() {
	const (
		protection, extension, paging = 1, 1 << 4, 1 << 31 // CR0
		physicalExtension             = 1 << 5             // CR4
		longEnabled, longActive       = 1 << 8, 1 << 10    // EFER
	)
	s.cr0 = protection | extension | paging
	s.cr3 = tableAddress
	s.cr4 = physicalExtension
	s.efer = longEnabled | longActive
	flat := segment{limit: 0xffffffff, selector: 0x10, kind: 3, present: 1, s: 1, db: 1, granularity: 1}
	s.ds, s.es, s.fs, s.gs, s.ss = flat, flat, flat, flat, flat
	s.cs = flat
	s.cs.selector, s.cs.kind, s.cs.db, s.cs.l = 0x08, 11, 0, 1
}

// run expects the port's value and then the halt.
func (m *machine) run() (answer, error) {
	size, err := ioctl(m.kvm, "KVM_GET_VCPU_MMAP_SIZE", kvmGetMmapSize, 0)
	if err != nil {
		return answer{}, err
	}
	state, err := unix.Mmap(m.cpu, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return answer{}, fmt.Errorf("state of the virtual CPU: %w", err)
	}
	spent, err := m.enter(state, exitIO)
	if err != nil {
		return answer{}, err
	}
	if err := checkOutput(state); err != nil {
		return answer{}, err
	}
	if _, err := m.enter(state, exitHLT); err != nil {
		return answer{}, err
	}
	return answer{Instructions: instructions, Nanoseconds: spent}, nil
}

// enter runs the CPU until it leaves for the expected reason and returns the
// nanoseconds of CPU time that took, which a busy host does not lengthen.
func (m *machine) enter(state []byte, expected uint32) (int64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := threadTime()
	if err != nil {
		return 0, err
	}
	if _, err := ioctl(m.cpu, "KVM_RUN", kvmRun, 0); err != nil {
		return 0, err
	}
	after, err := threadTime()
	if err != nil {
		return 0, err
	}
	if reason := binary.LittleEndian.Uint32(state[runExitReason:]); reason != expected {
		return 0, fmt.Errorf("the virtual CPU left for reason %d, not %d", reason, expected)
	}
	return after - before, nil
}

func threadTime() (int64, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return 0, fmt.Errorf("CPU time: %w", err)
	}
	return ts.Nano(), nil
}

func checkOutput(state []byte) error {
	offset := binary.LittleEndian.Uint64(state[runIOData:])
	if offset >= uint64(len(state)) {
		return errors.New("the virtual CPU's output is out of bounds")
	}
	to, size, value := binary.LittleEndian.Uint16(state[runIOPort:]), state[runIOSize], state[offset]
	if to != port || size != 1 || value != sum {
		return fmt.Errorf("the guest wrote %d byte %#x to port %#x, not 1 byte %#x to %#x", size, value, to, sum, port)
	}
	return nil
}
