package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"microvm/darwin"
	"microvm/runner"
)

func (a *app) doctorCommand() *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "check what this host needs to build and run guests",
		Description: `Exits with 1 if something that every guest needs is missing. What only some guests
need is a warning.`,
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		Action: a.doctor,
	}
}

// errUnhealthy is all that is left to say below the table.
var errUnhealthy = errors.New("this host cannot build or run guests yet")

func (a *app) doctor(c *cli.Context) error {
	if err := wantArgs(c, 0); err != nil {
		return err
	}
	host, err := hostOptions("auto")
	if err != nil {
		return err
	}
	findings := slices.Concat(a.examineNix(c.Context), runner.Examine(c.Context, host), darwin.CheckHost(c.Context))
	if c.Bool("json") {
		err = a.printJSON(findings)
	} else {
		err = a.printFindings(findings)
	}
	for _, f := range findings {
		if f.State == runner.Missing {
			return errors.Join(err, errUnhealthy)
		}
	}
	return err
}

func (a *app) printFindings(findings []runner.Finding) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options.DrawBorder = false
	t.Style().Options.SeparateColumns = false
	t.Style().Options.SeparateHeader = false
	t.SuppressTrailingSpaces()
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 3, WidthMax: 90, WidthMaxEnforcer: text.WrapSoft}})
	for _, f := range findings {
		detail := f.Detail
		if f.Fix != "" {
			detail += "\nfix: " + f.Fix
		}
		t.AppendRow(table.Row{f.State, f.Name, detail})
	}
	_, err := fmt.Fprintln(a.stdout, t.Render())
	return err
}
