package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Socket is a path where a process of the VM will listen.
type Socket struct {
	Header
	Path string `json:"path"`
}

func (s *Socket) String() string { return "socket " + s.Path }

// Check refuses a path that somebody listens on, or that is not a socket.
func (s *Socket) Check(context.Context) error {
	st, err := os.Lstat(s.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.checkDir()
	case err != nil:
		return fmt.Errorf("socket: %w", err)
	case st.Mode().Type() != fs.ModeSocket:
		return hinted(fmt.Errorf("%q is in the way of a socket", s.Path), "it is not a socket: move it away")
	}
	c, err := net.DialTimeout("unix", s.Path, time.Second)
	if err != nil {
		return nil
	}
	c.Close()
	return hinted(fmt.Errorf("somebody listens on %q", s.Path),
		"the VM may be running already, from another tool")
}

func (s *Socket) checkDir() error {
	dir := filepath.Dir(s.Path)
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return hinted(fmt.Errorf("no socket can be made in %q: %w", dir, err), "run it in a directory of yours, or name one with --dir")
	}
	return nil
}

// Up removes a socket of a previous life.
func (s *Socket) Up(context.Context) (func() error, error) {
	return s.remove, s.remove()
}

func (s *Socket) remove() error {
	if err := os.Remove(s.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("socket: %w", err)
	}
	return nil
}
