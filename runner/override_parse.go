package runner

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// ParsePublish parses [ADDRESS:]HOSTPORT:GUESTPORT[/tcp|/udp], docker's syntax.
func ParsePublish(text string) (ForwardPort, error) {
	f := ForwardPort{From: "host", Proto: "tcp"}
	ports, proto, ok := strings.Cut(text, "/")
	if ok {
		f.Proto = proto
	}
	if f.Proto != "tcp" && f.Proto != "udp" {
		return f, fmt.Errorf("publish %q: protocol %q is neither tcp nor udp", text, proto)
	}
	parts := strings.Split(ports, ":")
	if len(parts) == 3 {
		f.Host.Address, parts = parts[0], parts[1:]
	}
	if len(parts) != 2 {
		return f, hinted(fmt.Errorf("publish %q is not [ADDRESS:]HOSTPORT:GUESTPORT[/PROTOCOL]", text),
			"for example 8080:80, or 127.0.0.1:5353:53/udp")
	}
	var err error
	if f.Host.Port, err = parsePort(parts[0]); err == nil {
		f.Guest.Port, err = parsePort(parts[1])
	}
	if err != nil {
		return f, fmt.Errorf("publish %q: %w", text, err)
	}
	return f, nil
}

func parsePort(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is not a port from 1 to 65535", text)
	}
	return int(n), nil
}

var sizePattern = regexp.MustCompile(`^([1-9][0-9]{0,11})([MGT]?)(?:i?B)?$`)

// ParseMiB parses a size: a number of MiB, or one with the suffix M, G or T.
func ParseMiB(text string) (int, error) {
	m := sizePattern.FindStringSubmatch(text)
	if m == nil {
		return 0, hinted(fmt.Errorf("%q is not a size", text), "for example 512 (MiB), 512M or 2G")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, fmt.Errorf("size %q: %w", text, err)
	}
	return n * map[string]int{"": 1, "M": 1, "G": 1 << 10, "T": 1 << 20}[m[2]], nil
}

// ParseVolume parses IMAGE[:SIZE][:ro]. With a size, the image is created with
// an empty ext4 file system if it does not exist.
func ParseVolume(text string) (Volume, error) {
	v := Volume{FSType: "ext4", ImageType: "raw", MkfsExtraArgs: []string{}}
	rest, ro := strings.CutSuffix(text, ":ro")
	v.ReadOnly = ro
	v.Image = rest
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		size, err := ParseMiB(rest[i+1:])
		if err != nil {
			return v, fmt.Errorf("volume %q: %w", text, err)
		}
		v.Image, v.Size, v.AutoCreate = rest[:i], size, true
	}
	if v.Image == "" {
		return v, hinted(fmt.Errorf("volume %q names no image", text), "for example data.img:2G, or /dev/sdb:ro")
	}
	if ext := strings.TrimPrefix(filepath.Ext(v.Image), "."); ext == "qcow2" || ext == "vhd" || ext == "vhdx" {
		v.ImageType = ext
	}
	return v, nil
}

// ParseShare parses SOURCE:MOUNTPOINT[:ro].
func ParseShare(text string) (Share, error) {
	s := defaultShare()
	rest, ro := strings.CutSuffix(text, ":ro")
	s.ReadOnly = ro
	i := strings.LastIndexByte(rest, ':')
	if i <= 0 || !strings.HasPrefix(rest[i+1:], "/") {
		return s, hinted(fmt.Errorf("share %q is not SOURCE:MOUNTPOINT[:ro]", text),
			"the mount point is absolute, for example ./src:/src, or /srv/data:/data:ro")
	}
	s.Source, s.MountPoint = rest[:i], rest[i+1:]
	if strings.ContainsAny(s.MountPoint, ": \t\n\"'\\%") {
		return s, fmt.Errorf("share %q: the mount point may not hold blanks, quotes or colons", text)
	}
	s.Tag = shareTag(s.MountPoint)
	return s, nil
}

var notInTag = regexp.MustCompile(`[^A-Za-z0-9]+`)

// shareTag is a tag of at most 31 bytes, 9p's limit.
func shareTag(mountPoint string) string {
	tag := "host" + notInTag.ReplaceAllString(mountPoint, "-")
	if len(tag) > 31 {
		return tag[:23] + derivedMachineID(mountPoint)[:8]
	}
	return strings.TrimRight(tag, "-")
}
