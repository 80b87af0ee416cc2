package runner

import (
	"errors"
	"path"
)

// ValidatePaths reports every socket whose path is too long for the host once
// it is absolute. dir is the VM's directory; maxSocket is how many bytes a
// socket's path may have without its NUL: 107 on Linux, 103 on macOS.
func (s *Spec) ValidatePaths(dir string, maxSocket int) error {
	var p problems
	for _, l := range s.listenPaths() {
		absolute := l.path
		if !path.IsAbs(absolute) {
			absolute = path.Join(dir, absolute)
		}
		p.unless(len(absolute) <= maxSocket, l.field,
			"%q has %d bytes, but the path of a socket has at most %d: use a shorter one", absolute, len(absolute), maxSocket)
	}
	return errors.Join(p.list...)
}
