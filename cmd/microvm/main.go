// Command microvm turns any NixOS configuration in a flake into a running
// microVM.
package main

import (
	"context"
	"io"
	"os"

	"microvm/darwin"
	"microvm/runner"
)

// version is set by the linker.
var version = "dev"

func main() {
	os.Exit(run(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// run is main for tests: it returns the exit code.
func run(ctx context.Context, args []string, stdin *os.File, stdout, stderr io.Writer) int {
	a := &app{
		backends: []runner.Backend{runner.QEMU{}, darwin.Vfkit{}},
		stdin:    stdin,
		stdout:   stdout,
		stderr:   stderr,
	}
	root := a.commands()
	args, err := interspersed(root, args)
	if err == nil {
		err = root.RunContext(ctx, args)
	}
	code := a.report(err)
	a.later.Wait()
	return code
}
