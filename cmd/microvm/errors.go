package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// The exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a command line that is wrong.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
func (e *usageError) Hint() string  { return e.hint }

// report prints an error with all its hints, and chooses the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		// What was cancelled where is no news to who pressed Ctrl-C.
		err = errors.New("interrupted")
	}
	fmt.Fprintf(a.stderr, "error: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	for _, h := range hints(err) {
		fmt.Fprintf(a.stderr, "hint: %s\n", h)
	}
	if u := (*usageError)(nil); errors.As(err, &u) {
		return exitUsage
	}
	return exitFailed
}

// hints collects the advice of all errors in the tree, each once. An error that
// has advice speaks for those it wraps.
func hints(err error) []string {
	seen := map[string]bool{}
	var found []string
	var walk func(error)
	walk = func(err error) {
		if h, ok := err.(interface{ Hint() string }); ok && h.Hint() != "" {
			if !seen[h.Hint()] {
				seen[h.Hint()] = true
				found = append(found, h.Hint())
			}
			return
		}
		switch e := err.(type) {
		case interface{ Unwrap() []error }:
			for _, e := range e.Unwrap() {
				walk(e)
			}
		case interface{ Unwrap() error }:
			if e.Unwrap() != nil {
				walk(e.Unwrap())
			}
		}
	}
	walk(err)
	return found
}

// withUsageErrors makes every command report a wrong flag alike.
func withUsageErrors(commands []*cli.Command) []*cli.Command {
	for _, c := range commands {
		c.OnUsageError = usageFailure
		c.HideHelpCommand = true
		withUsageErrors(c.Subcommands)
	}
	return commands
}

const notDefined = "flag provided but not defined: "

func usageFailure(c *cli.Context, err error, _ bool) error {
	name := c.Command.Name
	help := "see `microvm --help`"
	if name != "" && name != "microvm" {
		help = fmt.Sprintf("see `microvm %s --help`", name)
	}
	flag, unknown := strings.CutPrefix(err.Error(), notDefined)
	if !unknown {
		return &usageError{err, help}
	}
	err = fmt.Errorf("there is no flag %q", dashed(flag))
	var flags []cli.Flag
	if c.Command != nil {
		flags = append(flags, c.Command.Flags...)
	}
	if s := cli.SuggestFlag(append(flags, c.App.Flags...), strings.TrimLeft(flag, "-"), false); s != "" {
		help = fmt.Sprintf("did you mean %q? %s", s, help)
	}
	return &usageError{err, help}
}

// dashed is the flag as the user wrote it: the library reports it with one dash.
func dashed(flag string) string {
	name := strings.TrimLeft(flag, "-")
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// unknownCommand names the command that the user may have meant.
func unknownCommand(c *cli.Context) error {
	hint := "see `microvm --help`"
	if s := cli.SuggestCommand(c.App.VisibleCommands(), c.Args().First()); s != "" {
		// The library's suggestion is a sentence already.
		hint = fmt.Sprintf("%s see `microvm --help`", strings.Replace(s, "Did", "did", 1))
	}
	return &usageError{fmt.Errorf("there is no command %q", c.Args().First()), hint}
}

// wantArgs refuses more positional arguments than a command has.
func wantArgs(c *cli.Context, most int) error {
	if c.NArg() <= most {
		return nil
	}
	return &usageError{
		fmt.Errorf("unexpected argument %q", c.Args().Get(most)),
		fmt.Sprintf("see `microvm %s --help`", c.Command.Name),
	}
}
