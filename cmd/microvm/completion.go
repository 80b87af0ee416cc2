package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

const bashCompletion = `# microvm completion for bash:  source <(microvm completion bash)
_microvm() {
  local IFS=$'\n' cur="${COMP_WORDS[COMP_CWORD]}"
  local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
  # A bare -- would end the flags for microvm too.
  [[ $cur == -- ]] && words+=(-) || { [[ $cur == -* ]] && words+=("$cur"); }
  COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o bashdefault -o default -F _microvm microvm
`

const zshCompletion = `#compdef microvm
# microvm completion for zsh:  source <(microvm completion zsh)
_microvm() {
  local cur="${words[CURRENT]}"
  local -a before=("${(@)words[1,CURRENT-1]}") found
  # A bare -- would end the flags for microvm too.
  if [[ $cur == -- ]]; then before+=(-); elif [[ $cur == -* ]]; then before+=("$cur"); fi
  found=("${(@f)$(_CLI_ZSH_AUTOCOMPLETE_HACK=1 "${before[@]}" --generate-bash-completion 2>/dev/null)}")
  if [[ -n "${found[1]}" ]]; then _describe 'microvm' found; else _files; fi
}
compdef _microvm microvm
`

func (a *app) completionCommand() *cli.Command {
	return &cli.Command{
		Name:         "completion",
		Usage:        "print the completion script of a shell",
		ArgsUsage:    "bash|zsh|fish",
		Description:  "Add `source <(microvm completion bash)` to ~/.bashrc, the like for zsh to ~/.zshrc,\nor for fish: microvm completion fish > ~/.config/fish/completions/microvm.fish",
		BashComplete: func(*cli.Context) { fmt.Fprintln(a.stdout, "bash\nzsh\nfish") },
		Action: func(c *cli.Context) error {
			if err := wantArgs(c, 1); err != nil {
				return err
			}
			text, err := completionScript(c)
			if err != nil {
				return err
			}
			_, err = io.WriteString(a.stdout, text)
			return err
		},
	}
}

func completionScript(c *cli.Context) (string, error) {
	switch shell := c.Args().First(); shell {
	case "bash":
		return bashCompletion, nil
	case "zsh":
		return zshCompletion, nil
	case "fish":
		return c.App.ToFishCompletion()
	default:
		return "", &usageError{fmt.Errorf("there is no completion for shell %q", shell), "the shells are: bash, zsh, fish"}
	}
}
