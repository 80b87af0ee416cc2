package main

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"microvm/flake"
)

func (a *app) buildCommand() *cli.Command {
	return &cli.Command{
		Name:      "build",
		Usage:     "build a guest's runner and print its store path",
		ArgsUsage: "[FLAKE#NAME]",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "out-link", Aliases: []string{"o"}, Value: "result", Usage: "leave a link to the runner at `PATH`"},
			&cli.BoolFlag{Name: "no-link", Usage: "leave no link"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		}, nixFlags()...),
		Action: a.build,
	}
}

func (a *app) build(c *cli.Context) error {
	o, err := a.options(c)
	if err != nil {
		return err
	}
	g, err := a.findGuest(c.Context, o)
	if err != nil {
		return err
	}
	var b flake.BuildOptions
	if !c.Bool("no-link") {
		b.OutLink = c.String("out-link")
	}
	out, err := a.buildRunner(c.Context, g, o, b)
	if err != nil {
		return err
	}
	if !c.Bool("json") {
		_, err = fmt.Fprintln(a.stdout, out)
		return err
	}
	return a.printJSON(struct {
		Name    string `json:"name"`
		System  string `json:"system"`
		DrvPath string `json:"drvPath"`
		OutPath string `json:"outPath"`
	}{g.Name, g.System, g.DrvPath, out})
}

func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
