package main

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"

	"microvm/runner"
)

func (a *app) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		Action: func(c *cli.Context) error {
			if err := wantArgs(c, 0); err != nil {
				return err
			}
			if !c.Bool("json") {
				_, err := fmt.Fprintln(a.stdout, "microvm", version)
				return err
			}
			return a.printJSON(struct {
				Version     string `json:"version"`
				SpecVersion int    `json:"specVersion"`
				System      string `json:"system"`
				Go          string `json:"go"`
			}{version, runner.SpecVersion, runner.HostSystem(), runtime.Version()})
		},
	}
}
