package runner

import (
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"
)

var (
	// maxLabelBytes has the file systems that can be created.
	maxLabelBytes = map[string]int{
		"ext2": 16, "ext3": 16, "ext4": 16, "xfs": 12, "btrfs": 255, "vfat": 11,
	}
	// maxTagBytes are the limits of QEMU's 9p and of virtio-fs.
	maxTagBytes = map[string]int{"9p": 31, "virtiofs": 36}
)

// maxSerialBytes is the length of virtio-blk's serial number.
const maxSerialBytes = 20

func (s *Spec) checkVolumes(p *problems) {
	images, serials, labels := owners{}, owners{}, owners{}
	for i, v := range s.Volumes {
		field := index("volumes", i)
		v.check(p, field)
		if v.Image != "" {
			images.claim(p, field+".image", path.Clean(v.Image), v.Image)
		}
		if v.Serial != nil {
			serials.claim(p, field+".serial", *v.Serial, *v.Serial)
		}
		if v.Label != nil {
			labels.claim(p, field+".label", *v.Label, *v.Label)
		}
	}
}

func (v *Volume) check(p *problems, field string) {
	p.unless(v.Image != "", field+".image", "is missing: give the path of the image")
	p.unless(!escapes(v.Image), field+".image", "%q leaves the VM's directory: use an absolute path", v.Image)
	if v.Serial != nil {
		p.unless(isPrintable(*v.Serial) && len(*v.Serial) <= maxSerialBytes, field+".serial",
			"%q is not a serial number: use 1 to %d printable bytes, or null", *v.Serial, maxSerialBytes)
	}
	if v.Label != nil {
		v.checkLabel(p, field+".label")
	}
	if v.AutoCreate {
		_, creatable := maxLabelBytes[v.FSType]
		p.unless(creatable, field+".fsType", "%q cannot be created: use one of %s, or autoCreate = false",
			v.FSType, strings.Join(slices.Sorted(maps.Keys(maxLabelBytes)), ", "))
		p.unless(v.Size >= 1 && int64(v.Size) <= maxVolumeMiB, field+".size",
			"%d MiB cannot be created: give a size, or autoCreate = false", v.Size)
	}
}

func (v *Volume) checkLabel(p *problems, field string) {
	p.unless(isPrintable(*v.Label) && !strings.Contains(*v.Label, "/"), field,
		`%q is not a label: use printable characters without "/", or null`, *v.Label)
	if limit, known := maxLabelBytes[v.FSType]; known {
		p.unless(len(*v.Label) <= limit, field,
			"%q has %d bytes, but a label of %s has at most %d", *v.Label, len(*v.Label), v.FSType, limit)
	}
}

func (s *Spec) checkShares(p *problems) {
	tags, stores := owners{}, owners{}
	for i, sh := range s.Shares {
		field := index("shares", i)
		sh.check(p, field)
		sh.checkVirtiofs(p, field, s.Virtiofsd.ExtraArgs)
		if sh.Tag != "" {
			tags.claim(p, field+".tag", sh.Tag, sh.Tag)
		}
		// The guest looks for its store in one share only.
		if store := path.Clean(sh.Source); store == "/nix/store" {
			stores.claim(p, field+".source", store, sh.Source)
		}
	}
}

func (sh *Share) check(p *problems, field string) {
	// The tag is a file name in the runner's share/microvm/virtiofs.
	p.unless(isPrintable(sh.Tag) && !strings.Contains(sh.Tag, "/") && sh.Tag != "." && sh.Tag != "..",
		field+".tag", `%q is not a tag: use printable characters without "/"`, sh.Tag)
	if limit, known := maxTagBytes[sh.Proto]; known {
		p.unless(len(sh.Tag) <= limit, field+".tag",
			"%q has %d bytes, but a tag of %s has at most %d", sh.Tag, len(sh.Tag), sh.Proto, limit)
	}
	p.unless(sh.Source != "", field+".source", "is missing: give the directory to share")
	p.unless(!escapes(sh.Source), field+".source", "%q leaves the VM's directory: use an absolute path", sh.Source)
}

func (sh *Share) checkVirtiofs(p *problems, field string, globalArgs []string) {
	if sh.Proto != "virtiofs" {
		return
	}
	p.unless(sh.Socket != nil, field+".socket", "is null, but virtiofs needs one: leave it out for the default")
	if !sh.PosixACL {
		return
	}
	for _, arg := range slices.Concat(globalArgs, sh.ExtraArgs) {
		if strings.Contains(arg, "--translate-uid") || strings.Contains(arg, "--translate-gid") {
			p.add(field+".posixAcl", "conflicts with virtiofsd's argument %q: set posixAcl = false", arg)
			return
		}
	}
}

// checkMountPoints looks at volumes and shares together. An empty one is left to
// the guest.
func (s *Spec) checkMountPoints(p *problems) {
	taken := owners{}
	check := func(field, mountPoint string) {
		clean := path.Clean("/" + mountPoint)
		p.unless(mountPoint == clean, field, "%q is not an absolute path in its shortest form: use %q", mountPoint, clean)
		taken.claim(p, field, clean, mountPoint)
	}
	for i, v := range s.Volumes {
		if v.MountPoint != nil {
			check(index("volumes", i)+".mountPoint", *v.MountPoint)
		}
	}
	for i, sh := range s.Shares {
		if sh.MountPoint != "" {
			check(index("shares", i)+".mountPoint", sh.MountPoint)
		}
	}
}

// isPrintable is true for a string that is there and prints as it is.
func isPrintable(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
