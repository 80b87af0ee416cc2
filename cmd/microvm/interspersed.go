package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// interspersed moves flags before the positional arguments of their command,
// because the flag package stops at the first positional one and users write
// `microvm run .#web --mem 2048`. Nix's flags of two values become one.
func interspersed(root *cli.App, args []string) ([]string, error) {
	if len(args) < 2 || slices.Contains(args, "--generate-bash-completion") {
		return args, nil
	}
	flags, commands := root.Flags, root.Commands
	head, rest := args[:1:1], args[1:]
	for {
		parsed, err := splitFlags(flags, rest, true)
		if err != nil {
			return nil, err
		}
		head = append(head, parsed.flags...)
		if len(parsed.positional) == 0 {
			return head, nil
		}
		c := find(commands, parsed.positional[0])
		if c == nil {
			return append(head, parsed.positional...), nil
		}
		head = append(head, c.Name)
		rest = parsed.positional[1:]
		if flags, commands = c.Flags, c.Subcommands; len(commands) == 0 {
			break
		}
	}
	rest, verbose := takeVerbose(rest)
	parsed, err := splitFlags(flags, rest, false)
	if err != nil {
		return nil, err
	}
	head = append(head, parsed.flags...)
	head = append(append(head, "--"), parsed.positional...)
	return slices.Insert(head, 1, verbose...), nil
}

// takeVerbose finds the one flag of all commands behind a command's name too.
func takeVerbose(args []string) (rest, verbose []string) {
	for i, arg := range args {
		switch arg {
		case "--":
			return append(rest, args[i:]...), verbose
		case "-v", "--verbose":
			verbose = []string{"--verbose"}
		default:
			rest = append(rest, arg)
		}
	}
	return rest, verbose
}

func find(commands []*cli.Command, name string) *cli.Command {
	i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(name) })
	if i < 0 {
		return nil
	}
	return commands[i]
}

type split struct{ flags, positional []string }

// splitFlags separates flags, with their values, from positional arguments. It
// can stop at the first positional one, behind which another command's flags are.
func splitFlags(known []cli.Flag, args []string, stop bool) (split, error) {
	var s split
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			s.positional = append(s.positional, args...)
			return s, nil
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			s.positional = append(s.positional, arg)
			if stop {
				s.positional = append(s.positional, args...)
				return s, nil
			}
			continue
		}
		n := values(known, arg)
		if n > len(args) {
			return s, &usageError{fmt.Errorf("flag %q needs %d more values", arg, n-len(args)), "see --help"}
		}
		switch n {
		case 0:
			s.flags = append(s.flags, arg)
		case 1:
			s.flags = append(s.flags, arg, args[0])
		case 2:
			s.flags = append(s.flags, arg, strings.Join(args[:2], pairSeparator))
		}
		args = args[n:]
	}
	return s, nil
}

// values is how many words after the flag belong to it.
func values(known []cli.Flag, arg string) int {
	if strings.Contains(arg, "=") {
		return 0
	}
	name := strings.TrimLeft(arg, "-")
	for _, f := range known {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		if slices.Contains(pairFlags, name) {
			return 2
		}
		if _, ok := f.(*cli.BoolFlag); ok {
			return 0
		}
		return 1
	}
	return 0
}
