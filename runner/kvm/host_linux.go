package kvm

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
)

func newHost(o Options) host {
	return host{
		root:  "/",
		arch:  runtime.GOARCH,
		stat:  statDevice,
		open:  openDevice,
		group: groupName,
		child: func(ctx context.Context) (answer, error) { return runChild(ctx, o) },
	}
}

func statDevice() (node, error) {
	info, err := os.Stat(devicePath)
	if err != nil {
		return node{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return node{}, fmt.Errorf("%s: %w", devicePath, fs.ErrInvalid)
	}
	return node{Mode: info.Mode(), UID: st.Uid, GID: st.Gid, Rdev: uint64(st.Rdev)}, nil
}

func openDevice() error {
	f, err := os.OpenFile(devicePath, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

func groupName(gid uint32) string {
	g, err := user.LookupGroupId(strconv.FormatUint(uint64(gid), 10))
	if err != nil {
		return ""
	}
	return g.Name
}
