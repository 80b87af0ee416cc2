package link

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// OpenMacvtap opens the queues of a macvtap for a hypervisor, which inherits the files; the caller closes them. The
// number of queues is what the hypervisor will use, at least 1.
func OpenMacvtap(name string, queues int) (files []*os.File, err error) {
	if queues < 1 {
		return nil, fmt.Errorf("network interface %q: cannot open %d queues", name, queues)
	}
	if err := CheckName(name); err != nil {
		return nil, err
	}
	found, err := lookup(name)
	if err != nil {
		return nil, err
	}
	if found == nil || found.Type() != "macvtap" {
		return nil, fmt.Errorf("network interface %q is no macvtap of this host", name)
	}
	node, err := findNode(found)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err = errors.Join(err, node.release()); err != nil {
			err = errors.Join(err, closeAll(files))
			files = nil
		}
	}()
	for range queues {
		f, err := os.OpenFile(node.path, os.O_RDWR, 0)
		if err != nil {
			return files, failure(name, []string{"chown " + fmt.Sprint(os.Getuid()) + " " + node.path}, err)
		}
		files = append(files, f)
	}
	return files, nil
}

func closeAll(files []*os.File) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// node is the device of a macvtap.
type node struct {
	path    string
	private string // directory that was made for it, "" when it is the system's
}

// findNode takes /dev/tapN only if it has the number that the kernel tells of this interface: network namespaces
// number their interfaces alike and share /dev. Else, and in containers without udev, it makes a private node.
func findNode(l netlink.Link) (node, error) {
	name := fmt.Sprintf("tap%d", l.Attrs().Index)
	number, err := deviceNumber(l.Attrs().Name, name)
	if err != nil {
		return node{}, err
	}
	public := node{path: "/dev/" + name}
	if public.is(number) {
		return public, nil
	}
	dir, err := os.MkdirTemp("", "microvm-macvtap-")
	if err != nil {
		return node{}, fmt.Errorf("network interface %q: %w", l.Attrs().Name, err)
	}
	private := node{path: filepath.Join(dir, name), private: dir}
	if err := unix.Mknod(private.path, unix.S_IFCHR|0o600, int(number)); err != nil {
		return node{}, errors.Join(&hinted{
			err:  fmt.Errorf("network interface %q: no device %q and none could be made: %w", l.Attrs().Name, public.path, err),
			hint: "run udev, or as root: mknod " + public.path + fmt.Sprintf(" c %d %d", unix.Major(number), unix.Minor(number)),
		}, private.release())
	}
	return private, nil
}

func deviceNumber(name, device string) (uint64, error) {
	path := filepath.Join("/sys/class/net", name, device, "dev")
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("network interface %q: its device number: %w", name, err)
	}
	var major, minor uint32
	if _, err := fmt.Sscanf(strings.TrimSpace(string(text)), "%d:%d", &major, &minor); err != nil {
		return 0, fmt.Errorf("network interface %q: device number %q in %q: %w", name, text, path, err)
	}
	return unix.Mkdev(major, minor), nil
}

func (n node) is(number uint64) bool {
	var st unix.Stat_t
	return unix.Stat(n.path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && uint64(st.Rdev) == number
}

// release leaves open files open.
func (n node) release() error {
	if n.private == "" {
		return nil
	}
	return os.RemoveAll(n.private)
}

// chown lets a hypervisor that is not root open the device itself.
func (m Macvtap) chown(made netlink.Link) error {
	if m.owner() == "" {
		return nil
	}
	n, err := findNode(made)
	if err != nil {
		return err
	}
	if n.private != "" {
		return n.release()
	}
	return os.Chown(n.path, id(m.Owner), id(m.Group))
}

// id is -1, which leaves an owner as it is, for none.
func id(p *uint32) int {
	if p == nil {
		return -1
	}
	return int(*p)
}
