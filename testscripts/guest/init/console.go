//go:build linux

package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// console is the terminal that the kernel's console= chose.
type console struct {
	mu   sync.Mutex
	file *os.File
}

// openConsole also makes the terminal the standard error, for the Go runtime's
// last words.
func openConsole(path string) (*console, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Dup3(int(f.Fd()), 2, 0); err != nil {
		return nil, fmt.Errorf("standard error: %w", err)
	}
	// The firmware may have left the cursor in a line.
	if _, err := f.WriteString("\n"); err != nil {
		return nil, err
	}
	return &console{file: f}, nil
}

// say writes one line at once, so that lines of several tasks do not mix. There
// is nobody to tell if that fails.
func (c *console) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.file, "guest: "+format+"\n", args...)
}

// drain waits until the last byte has left the serial port.
func (c *console) drain() error {
	return unix.IoctlSetInt(int(c.file.Fd()), unix.TCSBRK, 1)
}

// lines gives what is typed, without the terminal's own echo.
func (c *console) lines() (<-chan string, error) {
	fd := int(c.file.Fd())
	termios, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	termios.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, termios); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	typed := make(chan string)
	go func() {
		defer close(typed)
		for scanner := bufio.NewScanner(c.file); scanner.Scan(); {
			typed <- scanner.Text()
		}
	}()
	return typed, nil
}

// quietKernel keeps the kernel's messages from landing inside our lines. A
// panic still shows.
func quietKernel() error {
	const consoleLevel, emergencies = 8, 1 // SYSLOG_ACTION_CONSOLE_LEVEL of syslog(2)
	_, _, errno := unix.Syscall(unix.SYS_SYSLOG, consoleLevel, 0, emergencies)
	if errno != 0 {
		return fmt.Errorf("syslog: %w", errno)
	}
	return nil
}
