//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// watchShutdown says when the host presses the power button or Ctrl-Alt-Del. A
// deaf guest never hears it.
func watchShutdown(deaf bool) (<-chan string, error) {
	asked := make(chan string, 1)
	// Without this the kernel resets the machine at Ctrl-Alt-Del; with it PID 1
	// gets SIGINT, which would end a Go program that did not catch it.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, unix.SIGINT)
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF); err != nil {
		return asked, fmt.Errorf("ctrl-alt-del: %w", err)
	}
	if deaf {
		return asked, nil
	}
	go func() {
		<-interrupts
		ask(asked, "ctrlaltdel")
	}()
	return asked, watchButtons(asked)
}

func watchButtons(asked chan<- string) error {
	for _, device := range entries("/dev/input", "event") {
		f, err := os.Open(filepath.Join("/dev/input", device))
		if err != nil {
			return err
		}
		go func() {
			defer f.Close()
			if pressed(f) {
				ask(asked, "powerbutton")
			}
		}()
	}
	return nil
}

// ask keeps the first of several requests.
func ask(asked chan<- string, how string) {
	select {
	case asked <- how:
	default:
	}
}

// pressed reads input events, as linux/input.h has them, until the power key
// goes down.
func pressed(events io.Reader) bool {
	const evKey, keyPower, down = 1, 116, 1
	var e struct {
		Time  unix.Timeval
		Type  uint16
		Code  uint16
		Value int32
	}
	for binary.Read(events, binary.NativeEndian, &e) == nil {
		if e.Type == evKey && e.Code == keyPower && e.Value == down {
			return true
		}
	}
	return false
}
