package runner

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Bounds that no real VM reaches, but that keep sums and bytes from overflowing.
const (
	maxVCPU      = 4096
	maxMemMiB    = 64 << 20
	maxVolumeMiB = 1 << 42
)

var (
	// namePattern has the length of a host name, which a VM's name becomes.
	namePattern = regexp.MustCompile(`^[A-Za-z0-9._][A-Za-z0-9._-]{0,63}$`)
	uuidPattern = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	// accountPattern is what the tools of every distribution accept for users and groups.
	accountPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?$`)
	hostMemPattern = regexp.MustCompile(`^[1-9][0-9]*[MG]$`)
)

// GuestSystems are the platforms that a guest can have.
func GuestSystems() []string { return []string{"x86_64-linux", "aarch64-linux"} }

// Validate reports, joined and in a fixed order, everything that is wrong with
// the spec whatever the hypervisor and the host: each line is the field, a
// colon and the problem. It looks at nothing but the spec: whether files exist
// is found out later, and what a hypervisor lacks is Check's to say.
func (s *Spec) Validate() error {
	var p problems
	s.checkIdentity(&p)
	s.checkBoot(&p)
	s.checkSizes(&p)
	s.checkVolumes(&p)
	s.checkShares(&p)
	s.checkMountPoints(&p)
	s.checkInterfaces(&p)
	s.checkForwardPorts(&p)
	s.checkDevices(&p)
	s.checkVsock(&p)
	s.checkSockets(&p)
	s.checkAccounts(&p)
	s.checkFiles(&p)
	s.checkBinScripts(&p)
	s.checkHypervisorOptions(&p)
	s.checkTexts(&p)
	return errors.Join(p.list...)
}

// problems collects what is wrong, field by field.
type problems struct {
	list   []error
	fields map[string]bool
}

func (p *problems) add(field, format string, args ...any) {
	if p.fields == nil {
		p.fields = map[string]bool{}
	}
	p.fields[field] = true
	p.list = append(p.list, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
}

// unless adds the problem if what should hold does not.
func (p *problems) unless(holds bool, field, format string, args ...any) {
	if !holds {
		p.add(field, format, args...)
	}
}

func (p *problems) between(field string, value, low, high int64) {
	p.unless(low <= value && value <= high, field, "%d is out of range, want %d to %d", value, low, high)
}

// has is true if the field has a problem already.
func (p *problems) has(field string) bool { return p.fields[field] }

// owners says which field had a value first, where each may have it only once.
type owners map[string]string

// claim reports a value that another field has, and returns whether none had
// it; key is what makes two equal.
func (o owners) claim(p *problems, field, key, value string) bool {
	first, taken := o[key]
	if taken {
		p.add(field, "%q is used twice, already by %s", value, first)
		return false
	}
	o[key] = field
	return true
}

func (s *Spec) checkIdentity(p *problems) {
	p.unless(namePattern.MatchString(s.Name) && s.Name != "." && s.Name != "..", "name",
		`%q is not a VM name: use 1 to 64 of A-Z a-z 0-9 . _ -, not "-" first, and not "." or ".."`, s.Name)
	p.unless(slices.Contains(GuestSystems(), s.System), "system",
		"%q is not one of %s", s.System, strings.Join(GuestSystems(), ", "))
	if id := s.MachineID; id != nil {
		p.unless(uuidPattern.MatchString(*id), "machineId",
			"%q is not a UUID: use 8-4-4-4-12 hexadecimal digits, or null", *id)
	}
}

func (s *Spec) checkBoot(p *problems) {
	p.unless(s.Boot.Kernel != "", "boot.kernel", "is missing: give the path of the guest's kernel")
	for i, param := range s.Boot.KernelParams {
		p.unless(strings.Count(param, `"`)%2 == 0, index("boot.kernelParams", i),
			"%q has an unpaired quote, which would swallow the parameters after it", param)
	}
}

func (s *Spec) checkSizes(p *problems) {
	p.between("vcpu", int64(s.VCPU), 1, maxVCPU)
	p.between("mem", int64(s.Mem), 1, maxMemMiB)
	p.between("hotplugMem", int64(s.HotplugMem), 0, maxMemMiB)
	if !p.has("hotplugMem") && (s.HotpluggedMem < 0 || s.HotpluggedMem > s.HotplugMem) {
		p.add("hotpluggedMem", "%d MiB is not within hotplugMem, %d MiB", s.HotpluggedMem, s.HotplugMem)
	}
	if !p.has("mem") && (s.InitialBalloonMem < 0 || s.InitialBalloonMem > s.Mem) {
		p.add("initialBalloonMem", "%d MiB is not within mem, %d MiB", s.InitialBalloonMem, s.Mem)
	}
	p.unless(s.Virtiofsd.ThreadPoolSize.N >= 0, "virtiofsd.threadPoolSize",
		"%d is negative: use a number, or \"auto\"", s.Virtiofsd.ThreadPoolSize.N)
}

func (s *Spec) checkAccounts(p *problems) {
	for _, account := range []struct {
		field string
		name  *string
	}{{"user", s.User}, {"virtiofsd.group", s.Virtiofsd.Group}} {
		if account.name != nil {
			p.unless(accountPattern.MatchString(*account.name), account.field,
				"%q is not the name of an account: use letters, digits, . _ -, or null", *account.name)
		}
	}
}

func (s *Spec) checkHypervisorOptions(p *problems) {
	if s.CPU != nil {
		p.unless(*s.CPU != "", "cpu", "is empty: name a CPU model, or use null for the host's")
	}
	if s.Graphics.Enable && s.Graphics.Vulkan != nil {
		p.unless(hostMemPattern.MatchString(s.Graphics.HostMem), "graphics.hostmem",
			"%q is not a size: use a number with the unit M or G, such as \"256M\"", s.Graphics.HostMem)
	}
	if s.Hypervisor != "cloud-hypervisor" {
		return
	}
	for i, text := range s.CloudHypervisor.PlatformOEMStrings {
		p.unless(!strings.Contains(text, "oem_strings"), index("cloud-hypervisor.platformOEMStrings", i),
			`%q must not contain "oem_strings": give the string alone`, text)
	}
}

// index is the name of a list's element.
func index(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// member is the name of a map's value.
func member(field, key string) string { return fmt.Sprintf("%s[%q]", field, key) }

// escapes is true for a relative path that leaves the VM's directory.
func escapes(name string) bool {
	clean := path.Clean(name)
	return clean == ".." || strings.HasPrefix(clean, "../")
}
