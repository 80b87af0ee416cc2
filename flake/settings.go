package flake

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"microvm/flake/stamp"
)

// environment is what nix gets: the last one of several values counts.
func (c *CLI) environment() map[string]string {
	env := map[string]string{}
	for _, assignment := range append(os.Environ(), c.Env...) {
		name, value, _ := strings.Cut(assignment, "=")
		env[name] = value
	}
	return env
}

// variablePattern is for what nix, and git for it, read from the environment.
var variablePattern = regexp.MustCompile(`^(HOME$|NIX_|XDG_|GIT_)`)

// impureSettings let an evaluation see more than its sources.
var impureSettings = []string{"pure-eval", "allow-unsafe-native-code-during-evaluation", "plugin-files"}

// elsewhere makes git, which nix runs, look at other files than those in the work tree.
var elsewhere = []string{"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_COMMON_DIR"}

// stampSettings adds the program and every setting that it reads, from the environment and from files.
func (c *CLI) stampSettings(s *stamp.Stamper) {
	path, err := exec.LookPath(c.path())
	if err != nil {
		s.Fail(err)
		return
	}
	s.File(path)
	env := c.environment()
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if variablePattern.MatchString(name) {
			s.Text(name, env[name])
		}
	}
	for _, name := range elsewhere {
		if _, set := env[name]; set {
			s.Fail(fmt.Errorf("%s is set", name))
		}
	}
	if info, err := os.Stat(env["HOME"]); err != nil || !owned(info) {
		s.Fail(fmt.Errorf("HOME is %q, and nix takes another directory if that one belongs to another user", env["HOME"]))
		return
	}
	conf := confReader{stamper: s}
	conf.text(env["NIX_CONFIG"], "/")
	for _, file := range settingFiles(env) {
		conf.file(file)
	}
	for _, file := range plainFiles(env) {
		s.File(file)
	}
}

// confDirs are the system's and the user's own directory of settings, as nix.conf(5) and nix3-registry(1) have them.
func confDirs(env map[string]string) (system, user string) {
	xdg := cmp.Or(env["XDG_CONFIG_HOME"], filepath.Join(env["HOME"], ".config"))
	return cmp.Or(env["NIX_CONF_DIR"], "/etc/nix"), cmp.Or(env["NIX_CONFIG_HOME"], filepath.Join(xdg, "nix"))
}

// settingFiles are the files with the grammar of nix.conf.
func settingFiles(env map[string]string) []string {
	system, user := confDirs(env)
	files := []string{filepath.Join(system, "nix.conf")}
	if list := env["NIX_USER_CONF_FILES"]; list != "" {
		return append(files, filepath.SplitList(list)...)
	}
	files = append(files, filepath.Join(user, "nix.conf"))
	for _, dir := range filepath.SplitList(cmp.Or(env["XDG_CONFIG_DIRS"], "/etc/xdg")) {
		files = append(files, filepath.Join(dir, "nix", "nix.conf"))
	}
	return files
}

// plainFiles are the flake registries, and the settings of git.
func plainFiles(env map[string]string) []string {
	system, user := confDirs(env)
	return []string{
		filepath.Join(system, "registry.json"), filepath.Join(user, "registry.json"), "/etc/gitconfig", filepath.Join(env["HOME"], ".gitconfig"),
		filepath.Join(cmp.Or(env["XDG_CONFIG_HOME"], filepath.Join(env["HOME"], ".config")), "git", "config"),
	}
}

// maxConfFiles bounds files that include each other.
const maxConfFiles = 32

// confReader adds settings and refuses those that make an evaluation impure.
type confReader struct {
	stamper *stamp.Stamper
	files   int
}

func (r *confReader) file(path string) {
	if r.files++; r.files > maxConfFiles {
		r.stamper.Fail(fmt.Errorf("settings in %q: %w", path, stamp.ErrTooMuch))
		return
	}
	r.text(string(r.stamper.Read(path)), filepath.Dir(path))
}

// text reads lines of `NAME = VALUE`, `include FILE` and `!include FILE`.
func (r *confReader) text(text, dir string) {
	r.stamper.Text(text)
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && strings.TrimPrefix(words[0], "!") == "include":
			r.file(absolute(words[1], dir))
		case len(words) > 1:
			if err := checkPure(words[0]); err != nil {
				r.stamper.Fail(err)
			}
		}
	}
}

func checkPure(setting string) error {
	if slices.Contains(impureSettings, strings.TrimPrefix(setting, "extra-")) {
		return fmt.Errorf("setting %q can make evaluations impure", setting)
	}
	return nil
}
