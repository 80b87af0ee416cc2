package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"microvm/runner/console"
)

// steps fill a draft; each tool was found before the first is run.
type steps struct {
	size int64
	mkfs []string // argv without the path; nil for a blank disk
	img  string   // qemu-img, "" for a raw image
}

func (i Image) steps(tools Tools) (steps, error) {
	if err := i.check(); err != nil {
		return steps{}, err
	}
	s := steps{size: i.bytes()}
	var errs []error
	find := func(name string) string {
		path, err := tools(name)
		if err != nil {
			errs = append(errs, &ToolError{Tool: name, Err: err})
		}
		return path
	}
	if !i.blank() {
		s.mkfs = []string{find("mkfs." + i.FSType)}
		if option, _ := labelRule(i.FSType); i.Label != "" {
			s.mkfs = append(s.mkfs, option, i.Label)
		}
		s.mkfs = append(s.mkfs, i.MkfsArgs...)
	}
	if i.Format == QCOW2 {
		s.img = find("qemu-img")
	}
	return s, errors.Join(errs...)
}

func (s steps) make(ctx context.Context, path string) (created bool, err error) {
	final, err := newDraft(path)
	if err != nil {
		return false, missingDirectory(path, err)
	}
	defer func() { err = errors.Join(err, final.discard()) }()
	if err := s.fill(ctx, path, final); err != nil {
		return false, fmt.Errorf("volume %q: %w", path, err)
	}
	return final.publish(path)
}

func (s steps) fill(ctx context.Context, path string, final *draft) (err error) {
	switch {
	case s.img == "":
		return s.raw(ctx, final)
	case s.mkfs == nil:
		return run(ctx, s.img, "create", "-q", "-f", "qcow2", final.path, fmt.Sprint(s.size))
	}
	blank, err := newDraft(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blank.discard()) }()
	if err := s.raw(ctx, blank); err != nil {
		return err
	}
	return run(ctx, s.img, "convert", "-q", "-f", "raw", "-O", "qcow2", blank.path, final.path)
}

func (s steps) raw(ctx context.Context, d *draft) error {
	if err := d.file.Truncate(s.size); err != nil {
		return fmt.Errorf("reserving %s: %w", size(s.size), err)
	}
	if s.mkfs == nil {
		return nil
	}
	// The path is absolute, so none is taken for an option.
	return run(ctx, s.mkfs[0], append(s.mkfs[1:len(s.mkfs):len(s.mkfs)], d.path)...)
}

// toolFailure carries what the tool said last. Its text is English: the tools run in the C locale.
type toolFailure struct {
	tool string
	said []string
	err  error
}

func (e *toolFailure) Error() string {
	return strings.Join(append([]string{fmt.Sprintf("%s: %v", e.tool, e.err)}, e.said...), "\n  ")
}

func (e *toolFailure) Unwrap() error { return e.err }

func run(ctx context.Context, tool string, args ...string) error {
	var said console.Tail
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.Stderr = &said
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &toolFailure{tool: filepath.Base(tool), said: said.Lines(), err: err}
}

func outOfSpace(err error) bool {
	var failure *toolFailure
	if errors.As(err, &failure) {
		return strings.Contains(strings.Join(failure.said, "\n"), "No space left on device")
	}
	return errors.Is(err, syscall.ENOSPC)
}
