package kvm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// killGrace is for a child that is killed to disappear.
const killGrace = 500 * time.Millisecond

// runChild returns in time even if the child is stuck in the kernel, where
// nothing can kill it; it is left behind then.
func runChild(ctx context.Context, o Options) (answer, error) {
	type result struct {
		answer
		error
	}
	done := make(chan result, 1)
	go func() {
		// The kernel takes the end of this thread for the parent's death.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		a, err := waitChild(ctx, o)
		done <- result{a, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.error
	case <-time.After(o.Timeout + killGrace):
		return answer{}, hung(o)
	}
}

func waitChild(ctx context.Context, o Options) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, o.Exe, o.Args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = killGrace
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return answer{}, fmt.Errorf("%w: %w", errNotStarted, err)
	}
	err := cmd.Wait()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return answer{}, hung(o)
	case ctx.Err() != nil:
		return answer{}, fmt.Errorf("%w: %w", errNotStarted, ctx.Err())
	case err != nil:
		return answer{}, fmt.Errorf("a throw-away virtual machine ends its process: %w%s", err, lastLine(stderr.String()))
	}
	return decodeAnswer(stdout.Bytes())
}

func hung(o Options) error {
	return fmt.Errorf("a throw-away virtual machine hangs: no answer within %v", o.Timeout)
}

func decodeAnswer(data []byte) (answer, error) {
	var a answer
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil || a.Instructions < 0 || a.Nanoseconds < 0 {
		return answer{}, fmt.Errorf("a throw-away virtual machine gives no proper answer: %.80q", data)
	}
	return a, nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return fmt.Sprintf(": %.120q", last)
	}
	return ""
}
