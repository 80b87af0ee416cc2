package holder

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Of lists the processes that have path open, this one last and only if it does. It sees what this user may see in /proc:
// root sees all, others their own processes. A file that was opened by a name of another last element is missed,
// because following every descriptor would hang on a dead network file system.
func Of(path string) []Process {
	want, err := os.Stat(path)
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var others, self []Process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || !opens(pid, filepath.Base(path), want) {
			continue
		}
		if pid == os.Getpid() {
			self = []Process{{PID: pid, Name: name(pid)}}
			continue
		}
		others = append(others, Process{PID: pid, Name: name(pid)})
	}
	return append(others, self...)
}

func opens(pid int, base string, want os.FileInfo) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	fds, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(fds, func(fd os.DirEntry) bool {
		link := filepath.Join(dir, fd.Name())
		target, err := os.Readlink(link)
		if err != nil || filepath.Base(strings.TrimSuffix(target, " (deleted)")) != base {
			return false
		}
		got, err := os.Stat(link)
		return err == nil && same(got, want)
	})
}

// same compares devices by their number: a device has as many nodes as one cares to make.
func same(a, b os.FileInfo) bool {
	if a.Mode()&os.ModeDevice == 0 || a.Mode().Type() != b.Mode().Type() {
		return os.SameFile(a, b)
	}
	return a.Sys().(*syscall.Stat_t).Rdev == b.Sys().(*syscall.Stat_t).Rdev
}

func name(pid int) string {
	comm, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if err != nil {
		return "?"
	}
	return strings.TrimSuffix(string(comm), "\n")
}
