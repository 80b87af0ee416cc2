package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// PCIDevice is a device of the host that vfio-pci must own.
type PCIDevice struct {
	Header
	Path string `json:"path"`
	checkOnly
}

func (d *PCIDevice) String() string { return "PCI device " + d.Path }

// Check finds a device that is missing, or that another driver owns.
func (d *PCIDevice) Check(context.Context) error {
	path := d.Path
	if strings.Count(path, ":") == 1 {
		path = "0000:" + path
	}
	dir := filepath.Join("/sys/bus/pci/devices", path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return hinted(fmt.Errorf("PCI device %q does not exist", d.Path), "`lspci -D` lists them")
	}
	driver, err := os.Readlink(filepath.Join(dir, "driver"))
	if err == nil && filepath.Base(driver) == "vfio-pci" {
		return nil
	}
	owner := "no driver"
	if err == nil {
		owner = "driver " + filepath.Base(driver)
	}
	return hinted(fmt.Errorf("PCI device %q has %s, but needs vfio-pci", d.Path, owner),
		"as root: echo vfio-pci > %[1]s/driver_override; echo %[2]s > %[1]s/driver/unbind; echo %[2]s > /sys/bus/pci/drivers_probe", dir, path)
}
