package runner

import (
	"context"
	"fmt"
	"os/exec"

	"microvm/runner/console"
)

// PreStart is the user's own shell script.
type PreStart struct {
	Header
	Script string `json:"script"`
	dir    string
	// shell is the bash of the spec's tools, for hosts that have none in $PATH.
	shell string
}

func (p *PreStart) String() string { return fmt.Sprintf("preStart script of %d bytes", len(p.Script)) }

// Check finds a host without a shell for it.
func (p *PreStart) Check(context.Context) error {
	if _, err := p.bash(); err != nil {
		return hinted(fmt.Errorf("preStart: %w", err), "the script is written for bash: install it")
	}
	return nil
}

func (p *PreStart) bash() (string, error) {
	if path, err := exec.LookPath(p.shell); err == nil {
		return path, nil
	}
	return exec.LookPath("bash")
}

// Up runs the script as microvm.nix does: by bash, ending at the first failure.
func (p *PreStart) Up(ctx context.Context) (func() error, error) {
	bash, err := p.bash()
	if err != nil {
		return nil, fmt.Errorf("preStart: %w", err)
	}
	cmd := exec.CommandContext(ctx, bash, "-eu", "-o", "pipefail", "-c", p.Script)
	cmd.Dir = p.dir
	tail := &console.Tail{}
	cmd.Stdout, cmd.Stderr = tail, tail
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("preStart: %w%s", err, quoteLines(tail.Lines()))
	}
	return nil, nil
}
