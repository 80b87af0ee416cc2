package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// readyTimeout is how long a daemon may take until it listens.
const readyTimeout = 10 * time.Second

// waitSocket returns when the daemon's socket exists. It does not connect,
// because virtiofsd serves one client only.
func waitSocket(ctx context.Context, p *process, path string) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %q: %w", path, err)
	}
	defer w.Close()
	if err := w.Add(filepath.Dir(path)); err != nil {
		return fmt.Errorf("watch %q: %w", filepath.Dir(path), err)
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for !isSocket(path) {
		select {
		case <-w.Events:
		case err := <-w.Errors:
			return fmt.Errorf("watch %q: %w", path, err)
		case <-p.done:
			return endedEarly(p)
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("%s does not listen on %q after %s%s", p.name, path, readyTimeout, quoteLines(p.tail.Lines()))
			}
			return ctx.Err()
		}
	}
	return nil
}

func isSocket(path string) bool {
	st, err := os.Lstat(path)
	return err == nil && st.Mode().Type() == fs.ModeSocket
}
