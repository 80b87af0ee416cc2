package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// absent marks a nullable string that the document does not name, because
// null and absent differ: null is "none", absent is the option's default.
const absent = "\x00absent"

// absentCount marks a number that the document does not name.
const absentCount = math.MinInt

// defaultSpec is what a document is decoded over.
func defaultSpec() *Spec {
	return &Spec{
		MachineID:       ptr(absent),
		Hypervisor:      "qemu",
		Boot:            Boot{KernelParams: []string{}, StoreDiskType: "erofs"},
		Tools:           map[string]string{},
		VCPU:            1,
		Mem:             512,
		HotpluggedMem:   absentCount,
		DeflateOnOOM:    true,
		Socket:          ptr(absent),
		Volumes:         []Volume{},
		Shares:          []Share{},
		Interfaces:      []Interface{},
		ForwardPorts:    []ForwardPort{},
		Devices:         []Device{},
		CredentialFiles: map[string]string{},
		BinScripts:      map[string]string{},
		Graphics:        Graphics{Backend: "gtk", Socket: absent, HostMem: "256M"},
		PrettyProcnames: true,
		SystemSymlink:   true,
		Virtiofsd: Virtiofsd{
			ThreadPoolSize:   ThreadPoolSize{Auto: true},
			Group:            ptr("kvm"),
			InodeFileHandles: ptr("prefer"),
			ExtraArgs:        []string{},
		},
		QEMU:            QEMUOptions{ExtraArgs: []string{}, SerialConsole: true, PCIERootPorts: []PCIERootPort{}},
		CloudHypervisor: CloudHypervisorOptions{PlatformOEMStrings: []string{}, ExtraArgs: []string{}},
		Firecracker:     FirecrackerOptions{DriveIOEngine: "Async", ExtraArgs: []string{}, ExtraConfig: map[string]any{}},
		Crosvm:          CrosvmOptions{ExtraArgs: []string{}},
		Vfkit:           VfkitOptions{ExtraArgs: []string{}, LogLevel: ptr("info")},
	}
}

func ptr[T any](v T) *T { return &v }

// The elements of lists have defaults too, so they decode themselves over them.

// UnmarshalJSON decodes over the volume's defaults.
func (v *Volume) UnmarshalJSON(b []byte) error {
	type plain Volume
	p := plain{MkfsExtraArgs: []string{}, AutoCreate: true, FSType: "ext4", ImageType: "raw"}
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*v = Volume(p)
	return nil
}

func defaultShare() Share {
	return Share{
		Socket: ptr(absent), SecurityModel: "none", Proto: "9p",
		Cache: "auto", PosixACL: true, ExtraArgs: []string{},
	}
}

// UnmarshalJSON decodes over the share's defaults.
func (s *Share) UnmarshalJSON(b []byte) error {
	type plain Share
	p := plain(defaultShare())
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*s = Share(p)
	return nil
}

// UnmarshalJSON decodes over the forwarded port's defaults.
func (f *ForwardPort) UnmarshalJSON(b []byte) error {
	type plain ForwardPort
	p := plain{From: "host", Proto: "tcp"}
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*f = ForwardPort(p)
	return nil
}

// complete fills what depends on other fields.
func (s *Spec) complete() {
	if isAbsent(s.MachineID) {
		s.MachineID = ptr(derivedMachineID(s.Name))
	}
	if isAbsent(s.Socket) {
		s.Socket = ptr(s.Name + ".sock")
	}
	if s.Graphics.Socket == absent {
		s.Graphics.Socket = s.Name + "-gpu.sock"
	}
	if s.HotpluggedMem == absentCount {
		s.HotpluggedMem = s.HotplugMem
	}
	if s.QEMU.Machine == "" {
		s.QEMU.Machine = "microvm"
		if strings.HasPrefix(s.System, "aarch64-") {
			s.QEMU.Machine = "virt"
		}
	}
	for i := range s.Shares {
		s.Shares[i].complete(s.Name)
	}
	for i := range s.Interfaces {
		s.Interfaces[i].complete(s.identity())
	}
}

func (s *Share) complete(name string) {
	switch {
	case !isAbsent(s.Socket):
	case s.Proto == "virtiofs":
		s.Socket = ptr(fmt.Sprintf("%s-virtiofs-%s.sock", name, s.Tag))
	default:
		s.Socket = nil
	}
}

func (i *Interface) complete(identity string) {
	if i.MAC == "" {
		i.MAC = derivedMAC(identity, i.ID)
	}
}

// identity is what generated addresses are derived from.
func (s *Spec) identity() string {
	if s.MachineID != nil {
		return *s.MachineID
	}
	return s.Name
}

func isAbsent(s *string) bool { return s != nil && *s == absent }

// derivedMachineID is microvm.nix's default for machineId.
func derivedMachineID(name string) string {
	sum := sha256.Sum256([]byte("microvm.nix:" + name))
	h := hex.EncodeToString(sum[:])
	return strings.Join([]string{h[0:8], h[8:12], h[12:16], h[16:20], h[20:32]}, "-")
}

// derivedMAC is a locally administered unicast address.
func derivedMAC(identity, id string) string {
	sum := sha256.Sum256([]byte(identity + "/" + id))
	return fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", sum[0], sum[1], sum[2], sum[3], sum[4])
}

// ThreadPoolSize is a number of threads, or Auto.
type ThreadPoolSize struct {
	// N is the number; meaningful when Auto is false.
	N int
	// Auto is one thread a host CPU. microvm.nix writes it as "`nproc`".
	Auto bool
}

// MarshalJSON writes the number, or "auto".
func (t ThreadPoolSize) MarshalJSON() ([]byte, error) {
	if t.Auto {
		return json.Marshal("auto")
	}
	return json.Marshal(t.N)
}

// UnmarshalJSON reads a number, a number in a string, "auto" or "`nproc`".
func (t *ThreadPoolSize) UnmarshalJSON(b []byte) error {
	if string(b) == `"auto"` || string(b) == "\"`nproc`\"" {
		*t = ThreadPoolSize{Auto: true}
		return nil
	}
	var n int
	if err := json.Unmarshal([]byte(strings.Trim(string(b), `"`)), &n); err != nil || n < 0 {
		return fmt.Errorf("threadPoolSize: %s is neither a number nor \"auto\"", b)
	}
	*t = ThreadPoolSize{N: n}
	return nil
}
