package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// hostDevices are what some guests need of a Linux host.
var hostDevices = []struct{ path, use, fix string }{
	{"/dev/net/tun", "for interfaces of type tap", "modprobe tun"},
	{"/dev/vhost-net", "for tap.vhost", "modprobe vhost_net"},
	{"/dev/vhost-vsock", "for vsock", "modprobe vhost_vsock"},
}

func examineDevices() []Finding {
	var found []Finding
	for _, d := range hostDevices {
		f := Finding{Name: d.path, State: Fine, Detail: d.use}
		err := unix.Access(d.path, unix.R_OK|unix.W_OK)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			f.State, f.Detail, f.Fix = Warned, "does not exist ("+d.use+")", d.fix
		case err != nil:
			f.State, f.Detail = Warned, fmt.Sprintf("%v (%s)", err, d.use)
			f.Fix = "allow this user to open it, or run as root"
		}
		found = append(found, f)
	}
	return append(found, examineUserNamespaces())
}

// examineUserNamespaces looks at the limit only: whether one may be made is the
// kernel's and several security modules' to say.
func examineUserNamespaces() Finding {
	f := Finding{Name: "user namespaces", State: Fine, Detail: "for virtiofsd without root"}
	b, err := os.ReadFile("/proc/sys/user/max_user_namespaces")
	if err != nil || string(b) == "0\n" {
		f.State, f.Detail = Warned, "are turned off (for virtiofsd without root)"
		f.Fix = "sysctl user.max_user_namespaces=15000"
	}
	return f
}
