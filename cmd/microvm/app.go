package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/urfave/cli/v2"

	"microvm/runner"
)

// app is what the commands share.
type app struct {
	backends []runner.Backend
	stdin    *os.File
	stdout   io.Writer
	stderr   io.Writer
	log      *slog.Logger
	// later is work that no command waits for, but the process does.
	later sync.WaitGroup
}

func (a *app) commands() *cli.App {
	return &cli.App{
		Name:                      "microvm",
		Usage:                     "run NixOS configurations as microVMs",
		HideVersion:               true,
		Reader:                    a.stdin,
		Writer:                    a.stdout,
		ErrWriter:                 a.stderr,
		HideHelpCommand:           true,
		EnableBashCompletion:      true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              usageFailure,
		Before:                    a.before,
		Action:                    a.root,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "version", Usage: "print the version"},
			&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "log every command that is run, and what hypervisor and helpers say"},
		},
		Commands: withUsageErrors([]*cli.Command{
			a.runCommand(), a.buildCommand(), a.planCommand(), a.specCommand(),
			a.doctorCommand(), a.versionCommand(), a.completionCommand(),
			a.connectCommand(), a.probeCommand(), a.reapCommand(),
		}),
	}
}

func (a *app) before(c *cli.Context) error {
	level := slog.LevelWarn
	if c.Bool("verbose") {
		level = slog.LevelDebug
	}
	a.log = slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
	return nil
}

// root is what is left when no command has the first word.
func (a *app) root(c *cli.Context) error {
	switch {
	case c.NArg() > 0:
		return unknownCommand(c)
	case c.Bool("version"):
		fmt.Fprintln(a.stdout, "microvm", version)
		return nil
	}
	return cli.ShowAppHelp(c)
}

// say writes progress for the user.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.stderr, "microvm: "+format+"\n", args...)
}
