// Package runner turns a spec, the JSON document that says everything about one
// microVM, into a running hypervisor: it parses and validates the spec, plans
// the exact command line, and supervises the processes.
package runner

// SpecVersion is the version of the spec that this package reads and writes.
const SpecVersion = 1

// Spec is one VM. Field names, units and defaults are those of microvm.nix's
// options. It is read-only after ParseSpec; Override makes a changed copy.
type Spec struct {
	// Version is the version of the document, SpecVersion.
	Version int `json:"version"`
	// Name is the VM's name: one path element of [A-Za-z0-9._-].
	Name string `json:"name"`
	// System is the guest's platform, such as "x86_64-linux".
	System string `json:"system"`
	// MachineID is the VM's UUID (8-4-4-4-12 hex digits). It is derived from
	// the name when absent; null leaves the guest without one.
	MachineID *string `json:"machineId"`
	// Hypervisor names the backend.
	Hypervisor string `json:"hypervisor" jsonschema:"enum=qemu,enum=cloud-hypervisor,enum=firecracker,enum=crosvm,enum=kvmtool,enum=stratovirt,enum=alioth,enum=vfkit"`
	// Boot is what the guest boots from.
	Boot Boot `json:"boot"`
	// Tools maps a program's name, such as "qemu" or "mkfs.ext4", to its path.
	Tools map[string]string `json:"tools"`

	// VCPU is the number of virtual CPUs.
	VCPU int `json:"vcpu"`
	// Mem is the guest's RAM in MiB.
	Mem int `json:"mem"`
	// HugepageMem backs the RAM by huge pages.
	HugepageMem bool `json:"hugepageMem"`
	// HotplugMem is how much RAM in MiB can be added by virtio-mem.
	HotplugMem int `json:"hotplugMem"`
	// HotpluggedMem is how much of HotplugMem in MiB is there at start; all of
	// it when absent.
	HotpluggedMem int `json:"hotpluggedMem"`
	// Balloon adds a memory balloon.
	Balloon bool `json:"balloon"`
	// InitialBalloonMem is the balloon's size in MiB at start.
	InitialBalloonMem int `json:"initialBalloonMem"`
	// DeflateOnOOM gives balloon memory back when the guest runs out of it.
	DeflateOnOOM bool `json:"deflateOnOOM"`
	// CPU is the CPU model to emulate; null is the host's.
	CPU *string `json:"cpu"`
	// User is whom the hypervisor switches to when it is started as root.
	User *string `json:"user"`
	// Socket is the path of the control socket, NAME.sock when absent; null
	// is a VM without one.
	Socket *string `json:"socket"`

	Volumes      []Volume      `json:"volumes"`
	Shares       []Share       `json:"shares"`
	Interfaces   []Interface   `json:"interfaces"`
	ForwardPorts []ForwardPort `json:"forwardPorts"`
	Devices      []Device      `json:"devices"`
	Vsock        Vsock         `json:"vsock"`
	Graphics     Graphics      `json:"graphics"`
	// CredentialFiles maps systemd credential names to files on the host.
	CredentialFiles map[string]string `json:"credentialFiles"`
	Virtiofsd       Virtiofsd         `json:"virtiofsd"`

	// PreStart is a shell script, run before the hypervisor; null is none.
	PreStart *string `json:"preStart"`
	// ExtraArgsScript is a program that prints a line of further hypervisor
	// arguments.
	ExtraArgsScript *string `json:"extraArgsScript"`
	// BinScripts are the user's own scripts in the runner's bin/, by name.
	BinScripts map[string]string `json:"binScripts"`
	// RegisterWithMachined registers the VM with systemd-machined.
	RegisterWithMachined bool `json:"registerWithMachined"`
	// PrettyProcnames names the hypervisor's process microvm@NAME.
	PrettyProcnames bool `json:"prettyProcnames"`
	// SystemSymlink links the runner to the NixOS system, which keeps both in
	// the host's store.
	SystemSymlink bool `json:"systemSymlink"`

	QEMU            QEMUOptions            `json:"qemu"`
	CloudHypervisor CloudHypervisorOptions `json:"cloud-hypervisor"`
	Firecracker     FirecrackerOptions     `json:"firecracker"`
	Crosvm          CrosvmOptions          `json:"crosvm"`
	Kvmtool         KvmtoolOptions         `json:"kvmtool"`
	Stratovirt      StratovirtOptions      `json:"stratovirt"`
	Alioth          AliothOptions          `json:"alioth"`
	Vfkit           VfkitOptions           `json:"vfkit"`
}

// Boot is a direct kernel boot.
type Boot struct {
	// Kernel is the bzImage (x86_64) or Image (aarch64).
	Kernel string `json:"kernel"`
	// KernelELF is the uncompressed vmlinux, for hypervisors that need one.
	KernelELF string `json:"kernelElf"`
	// Initrd is the initial RAM disk; empty is none.
	Initrd string `json:"initrd"`
	// KernelParams are joined by spaces after what the backend adds itself.
	KernelParams []string `json:"kernelParams"`
	// Toplevel is the NixOS system; empty for a guest that is not NixOS.
	Toplevel string `json:"toplevel"`
	// StoreDisk is the image that holds the guest's /nix/store; empty is none.
	StoreDisk string `json:"storeDisk"`
	// StoreDiskType is the file system of StoreDisk.
	StoreDiskType string `json:"storeDiskType" jsonschema:"enum=squashfs,enum=erofs"`
}

// Volume is a disk image.
type Volume struct {
	// Image is the path of the image file.
	Image string `json:"image"`
	// Serial is the disk's serial number, at most 20 bytes.
	Serial *string `json:"serial"`
	// Direct opens the image with O_DIRECT.
	Direct bool `json:"direct"`
	// ReadOnly turns off write access.
	ReadOnly bool `json:"readOnly"`
	// Label is the file system's label, given when the image is created.
	Label *string `json:"label"`
	// MountPoint is where the guest mounts it; null is nowhere.
	MountPoint *string `json:"mountPoint"`
	// Size is the image's size in MiB, for creating it.
	Size int `json:"size"`
	// AutoCreate creates the image when it does not exist.
	AutoCreate bool `json:"autoCreate"`
	// MkfsExtraArgs are passed to mkfs.
	MkfsExtraArgs []string `json:"mkfsExtraArgs"`
	// FSType is the file system to create and mount.
	FSType string `json:"fsType"`
	// ImageType is the image's format.
	ImageType string `json:"imageType" jsonschema:"enum=raw,enum=qcow2,enum=vhd,enum=vhdx"`
}

// Share is a directory of the host that the guest mounts.
type Share struct {
	// Tag is what the guest mounts, at most 31 bytes for 9p and 36 for virtiofs.
	Tag string `json:"tag"`
	// Socket is virtiofsd's socket, NAME-virtiofs-TAG.sock when absent.
	Socket *string `json:"socket"`
	// Source is the directory on the host.
	Source string `json:"source"`
	// SecurityModel is 9p's.
	SecurityModel string `json:"securityModel" jsonschema:"enum=passthrough,enum=none,enum=mapped,enum=mapped-file"`
	// MountPoint is where the guest mounts it.
	MountPoint string `json:"mountPoint"`
	// Proto is 9p or virtiofs.
	Proto string `json:"proto" jsonschema:"enum=9p,enum=virtiofs"`
	// ReadOnly turns off write access.
	ReadOnly bool `json:"readOnly"`
	// Cache is virtiofsd's caching policy.
	Cache string `json:"cache" jsonschema:"enum=auto,enum=always,enum=metadata,enum=never"`
	// PosixACL passes POSIX ACLs and extended attributes through virtiofsd.
	PosixACL bool `json:"posixAcl"`
	// ExtraArgs are further arguments of this share's virtiofsd.
	ExtraArgs []string `json:"extraArgs"`
}

// Interface is a network interface.
type Interface struct {
	Type string `json:"type" jsonschema:"enum=user,enum=tap,enum=macvtap,enum=bridge"`
	// ID is the interface's name on the host, at most 15 bytes.
	ID string `json:"id"`
	// MAC is the guest's address; derived from machine id and ID when absent.
	MAC     string  `json:"mac"`
	Macvtap Macvtap `json:"macvtap"`
	// Bridge is the host's bridge, for type bridge.
	Bridge *string `json:"bridge"`
	Tap    Tap     `json:"tap"`
}

// Macvtap says what a macvtap interface hangs on.
type Macvtap struct {
	// Link is the host's interface.
	Link string `json:"link"`
	// Mode is the macvlan mode.
	Mode string `json:"mode" jsonschema:"enum=private,enum=vepa,enum=bridge,enum=passthru,enum=source"`
}

// Tap holds the options of a tap interface.
type Tap struct {
	// Vhost moves packet processing into the kernel's vhost-net.
	Vhost bool `json:"vhost"`
}

// ForwardPort forwards a port between host and guest, for user networking.
type ForwardPort struct {
	// From is where connections come from.
	From  string   `json:"from" jsonschema:"enum=host,enum=guest"`
	Proto string   `json:"proto" jsonschema:"enum=tcp,enum=udp"`
	Host  Endpoint `json:"host"`
	Guest Endpoint `json:"guest"`
}

// Endpoint is one end of a forwarded port; an empty address is any.
type Endpoint struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
}

// Device is a PCI or USB device of the host that is passed to the guest.
type Device struct {
	Bus string `json:"bus" jsonschema:"enum=pci,enum=usb"`
	// Path is DOMAIN:BUS:SLOT.FUNCTION for PCI, QEMU's properties such as
	// vendorid=0x1234,productid=0x5678 for USB.
	Path string     `json:"path"`
	QEMU DeviceQEMU `json:"qemu"`
}

// DeviceQEMU holds what only QEMU understands of a passed device.
type DeviceQEMU struct {
	ID              *string `json:"id"`
	Bus             *string `json:"bus"`
	DeviceExtraArgs *string `json:"deviceExtraArgs"`
}

// Vsock is the guest's AF_VSOCK address.
type Vsock struct {
	// CID is the guest's context id, 3 or more; null is no vsock.
	CID *int64   `json:"cid"`
	SSH VsockSSH `json:"ssh"`
}

// VsockSSH says whether the guest's sshd listens on vsock.
type VsockSSH struct {
	Enable bool `json:"enable"`
}

// Graphics is the guest's display.
type Graphics struct {
	Enable  bool   `json:"enable"`
	Backend string `json:"backend" jsonschema:"enum=gtk,enum=cocoa,enum=headless"`
	// Socket is the vhost-user GPU's, NAME-gpu.sock when absent.
	Socket string `json:"socket"`
	// Vulkan is QEMU's Vulkan translation.
	Vulkan *string `json:"vulkan" jsonschema:"enum=venus,enum=drm_native_context"`
	// HostMem is the size of QEMU's host memory window, with a unit suffix.
	HostMem string `json:"hostmem"`
}

// Virtiofsd holds what all virtiofs shares of a VM have in common.
type Virtiofsd struct {
	// Group owns the sockets; null is the hypervisor's group.
	Group *string `json:"group"`
	// ThreadPoolSize is a number, or "auto" for one thread a host CPU.
	ThreadPoolSize ThreadPoolSize `json:"threadPoolSize"`
	// InodeFileHandles is when to use file handles; null is virtiofsd's default.
	InodeFileHandles *string  `json:"inodeFileHandles" jsonschema:"enum=never,enum=prefer,enum=mandatory"`
	ExtraArgs        []string `json:"extraArgs"`
}

// QEMUOptions holds the options of the qemu backend.
type QEMUOptions struct {
	// Machine is the machine model; microvm or virt when absent, by System.
	Machine string `json:"machine"`
	// MachineOpts replaces the default machine options.
	MachineOpts   map[string]string `json:"machineOpts"`
	ExtraArgs     []string          `json:"extraArgs"`
	SerialConsole bool              `json:"serialConsole"`
	PCIERootPorts []PCIERootPort    `json:"pcieRootPorts"`
}

// PCIERootPort is a port that devices can be plugged into.
type PCIERootPort struct {
	ID      string  `json:"id"`
	Bus     *string `json:"bus"`
	Chassis *int    `json:"chassis"`
	Slot    *string `json:"slot"`
	Addr    *string `json:"addr"`
}

// CloudHypervisorOptions holds the options of the cloud-hypervisor backend.
type CloudHypervisorOptions struct {
	PlatformOEMStrings []string `json:"platformOEMStrings"`
	ExtraArgs          []string `json:"extraArgs"`
}

// FirecrackerOptions holds the options of the firecracker backend.
type FirecrackerOptions struct {
	// CPU is a custom CPU template.
	CPU           map[string]any `json:"cpu"`
	DriveIOEngine string         `json:"driveIoEngine" jsonschema:"enum=Async,enum=Sync"`
	ExtraArgs     []string       `json:"extraArgs"`
	// ExtraConfig is merged into the configuration file.
	ExtraConfig map[string]any `json:"extraConfig"`
}

// CrosvmOptions holds the options of the crosvm backend.
type CrosvmOptions struct {
	// PivotRoot is the sandbox's empty directory.
	PivotRoot *string  `json:"pivotRoot"`
	ExtraArgs []string `json:"extraArgs"`
}

// KvmtoolOptions holds the options of the kvmtool backend.
type KvmtoolOptions struct{}

// StratovirtOptions holds the options of the stratovirt backend.
type StratovirtOptions struct{}

// AliothOptions holds the options of the alioth backend.
type AliothOptions struct{}

// VfkitOptions holds the options of the vfkit backend.
type VfkitOptions struct {
	ExtraArgs []string `json:"extraArgs"`
	// LogLevel is debug, info or error; null is vfkit's own default.
	LogLevel *string `json:"logLevel" jsonschema:"enum=debug,enum=info,enum=error"`
	Rosetta  Rosetta `json:"rosetta"`
}

// Rosetta runs x86_64 programs in an aarch64 guest on Apple silicon.
type Rosetta struct {
	Enable          bool `json:"enable"`
	Install         bool `json:"install"`
	IgnoreIfMissing bool `json:"ignoreIfMissing"`
}
