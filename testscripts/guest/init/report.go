//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"microvm/testscripts/guest/init/cmdline"
)

func topics() map[string]func(*guest) error {
	return map[string]func(*guest) error{
		"cpu":         (*guest).reportCPU,
		"mem":         (*guest).reportMem,
		"disks":       (*guest).reportDisks,
		"net":         (*guest).reportLinks,
		"dmi":         (*guest).reportDMI,
		"cmdline":     (*guest).reportCmdline,
		"mounts":      (*guest).reportMounts,
		"credentials": (*guest).reportCredentials,
	}
}

// report says what the guest sees of the topics, a comma-separated list, in the
// order asked for.
func (g *guest) report(p cmdline.Param) error {
	var failed []error
	for topic := range strings.SplitSeq(p.Value, ",") {
		tell, ok := topics()[topic]
		if !ok {
			failed = append(failed, fmt.Errorf("report %q: no such topic", topic))
			continue
		}
		failed = append(failed, tell(g))
	}
	return errors.Join(failed...)
}

func (g *guest) reportCPU() error {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return err
	}
	model := ""
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			model = strings.TrimSpace(value)
		}
	}
	g.say("cpu=%d model=%q", runtime.NumCPU(), model)
	return nil
}

// reportMem says what is there and what is free, in MiB: a balloon takes from both.
func (g *guest) reportMem() error {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return err
	}
	g.say("mem=%d free=%d", mebibytes(info), uint64(info.Freeram)*uint64(info.Unit)>>20)
	return nil
}

func (g *guest) reportDMI() error {
	for _, key := range []string{"sys_vendor", "product_name", "product_serial", "product_uuid"} {
		g.say("dmi=%s value=%q", key, sysfs("/sys/class/dmi/id", key))
	}
	return nil
}

func (g *guest) reportCmdline() error {
	g.say("cmdline=%q", sysfs("/proc/cmdline"))
	return nil
}

func (g *guest) reportMounts() error {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		g.say("mounted=%s type=%s what=%q options=%q", f[1], f[2], f[0], f[3])
	}
	return nil
}

// reportCredentials says the names and sizes of systemd's credentials, which
// arrive as files of fw_cfg or as SMBIOS strings of type 11.
func (g *guest) reportCredentials() error {
	const fwCfg = "/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials"
	for _, name := range entries(fwCfg, "") {
		g.say("credential=%s size=%s from=fw_cfg", name, sysfs(fwCfg, name, "size"))
	}
	for _, dir := range entries("/sys/firmware/dmi/entries", "11-") {
		table, err := os.ReadFile(filepath.Join("/sys/firmware/dmi/entries", dir, "raw"))
		if err != nil {
			return err
		}
		for _, text := range smbiosStrings(table) {
			if credential, ok := strings.CutPrefix(text, "io.systemd.credential:"); ok {
				name, value, _ := strings.Cut(credential, "=")
				g.say("credential=%s size=%d from=smbios", name, len(value))
			}
		}
	}
	return nil
}

// smbiosStrings are what follows the formatted area of an SMBIOS structure,
// whose length is its second byte, each ended by a zero.
func smbiosStrings(table []byte) []string {
	if len(table) < 2 || len(table) < int(table[1]) {
		return nil
	}
	return strings.Split(strings.TrimRight(string(table[table[1]:]), "\x00"), "\x00")
}
