package flake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// maxOutput bounds what nix may print on stdout: a hostile flake can evaluate to any amount of JSON.
const maxOutput = 256 << 20

// run starts nix once and returns its stdout. Cancelling ctx interrupts it as Ctrl-C would, then kills it.
func (c *CLI) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.path(), args...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = c.killDelay()
	stdout := &boundedBuffer{limit: maxOutput}
	cmd.Stdout = stdout
	tail := &tailBuffer{}
	stderr := io.MultiWriter(tail, &progressFilter{w: sharedStderr{c}})

	line := quoteArgs(cmd.Args)
	c.log().DebugContext(ctx, "nix starts", "argv", line)
	begin := time.Now()
	err := c.wait(cmd, stderr)
	switch {
	case stdout.full != nil:
		err = stdout.full
	case err != nil && ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, exec.ErrWaitDelay):
		// Nix succeeded; something it left behind, such as an ssh master, still holds the pipe.
		err = nil
	}
	c.log().DebugContext(ctx, "nix ended", "argv", line, "duration", time.Since(begin), "code", cmd.ProcessState.ExitCode())
	if err != nil {
		return nil, &Error{Args: cmd.Args, Stderr: tail.String(), ExitCode: cmd.ProcessState.ExitCode(), Err: err}
	}
	return stdout.Bytes(), nil
}

// wait runs cmd to its end with stderr, by way of a pseudo-terminal if there is to be one.
func (c *CLI) wait(cmd *exec.Cmd, stderr io.Writer) error {
	if c.Terminal == nil {
		cmd.Stderr = stderr
		return cmd.Run()
	}
	ptm, tty, err := c.Terminal()
	if err != nil {
		return fmt.Errorf("open a terminal for nix: %w", err)
	}
	defer ptm.Close()
	cmd.Stderr = tty
	err = cmd.Start()
	tty.Close()
	if err != nil {
		return err
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		// Linux ends a terminal that nobody holds any more with EIO, not EOF: either is the end.
		_, _ = io.Copy(stderr, ptm)
	}()
	err = cmd.Wait()
	select {
	case <-copied:
	case <-time.After(cmd.WaitDelay):
	}
	return err
}

// quoteArgs writes args so that a shell would read them back.
func quoteArgs(args []string) string {
	quoted := slices.Clone(args)
	for i, arg := range args {
		if arg == "" || strings.Trim(arg, shellSafe) != "" {
			quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,#"
