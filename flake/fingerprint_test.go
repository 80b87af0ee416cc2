package flake

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"microvm/flake/stamp"
)

// place is a flake, a nix that is never run, and all the directories that settings come from.
type place struct {
	dir string
	cli *CLI
	ref Ref
}

func newPlace(t testing.TB) *place {
	t.Helper()
	for _, name := range elsewhere {
		if _, set := os.LookupEnv(name); set {
			t.Skip(name + " is set, as in a git hook, which rules out fingerprints")
		}
	}
	dir := t.TempDir()
	p := &place{dir: dir, ref: Ref{URL: "path:" + filepath.Join(dir, "flake")}}
	p.write(t, "flake/flake.nix", "{ outputs = _: { }; }")
	p.write(t, "input/file", "")
	p.write(t, "nix", "")
	if err := os.Chmod(p.path("nix"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.cli = &CLI{Path: p.path("nix"), Env: isolated(dir)}
	return p
}

// isolated is an environment whose settings are all below dir.
func isolated(dir string) []string {
	return []string{
		"HOME=" + dir, "NIX_CONF_DIR=" + dir + "/etc", "XDG_CONFIG_HOME=", "XDG_CONFIG_DIRS=" + dir + "/xdg", "NIX_CONFIG=", "NIX_USER_CONF_FILES=",
		"NIX_CONFIG_HOME=",
	}
}

func (p *place) path(name string) string { return filepath.Join(p.dir, name) }

func (p *place) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.path(name), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// fingerprint asks until the files that the test made have settled.
func (p *place) fingerprint() (string, error) {
	for deadline := time.Now().Add(10 * time.Second); ; {
		key, err := p.cli.fingerprint(p.ref)
		if !errors.Is(err, stamp.ErrRecent) || time.Now().After(deadline) {
			return key, err
		}
	}
}

func (p *place) mustFingerprint(t testing.TB) string {
	t.Helper()
	key, err := p.fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestFingerprintChanges(t *testing.T) {
	writes := func(name, text string) func(t *testing.T, p *place) {
		return func(t *testing.T, p *place) { p.write(t, name, text) }
	}
	env := func(assignment string) func(t *testing.T, p *place) {
		return func(_ *testing.T, p *place) { p.cli.Env = append(p.cli.Env, assignment) }
	}
	args := func(args ...string) func(t *testing.T, p *place) {
		return func(_ *testing.T, p *place) { p.cli.Args = append(p.cli.Args, args...) }
	}
	for name, change := range map[string]func(t *testing.T, p *place){
		"file of the flake":       writes("flake/new", ""),
		"flake.lock":              writes("flake/flake.lock", "{}"),
		"file of an override":     writes("input/file", "text"),
		"nix":                     writes("nix", "text"),
		"system's nix.conf":       writes("etc/nix.conf", "cores = 1"),
		"user's nix.conf":         writes(".config/nix/nix.conf", "cores = 1"),
		"other nix.conf":          writes("xdg/nix/nix.conf", "cores = 1"),
		"included settings":       writes("included.conf", "cores = 1"),
		"system's registry":       writes("etc/registry.json", "{}"),
		"user's registry":         writes(".config/nix/registry.json", "{}"),
		"git's settings":          writes(".gitconfig", "[core]"),
		"NIX_CONFIG":              env("NIX_CONFIG=cores = 1"),
		"NIX_PATH":                env("NIX_PATH=/x"),
		"XDG_CONFIG_HOME":         env("XDG_CONFIG_HOME=/x"),
		"NIX_CONFIG_HOME":         env("NIX_CONFIG_HOME=/x"),
		"NIX_USER_CONF_FILES":     env("NIX_USER_CONF_FILES=/x"),
		"option":                  args("--option", "cores", "1"),
		"argument":                args("--offline"),
		"override":                args("--override-input", "c", "github:o/r/643809054d65fdd466a63e3155b8c498cb483c04"),
		"another attribute":       func(_ *testing.T, p *place) { p.ref.Attr = []string{"x"} },
		"another way to write it": func(_ *testing.T, p *place) { p.ref.URL = strings.Replace(p.ref.URL, "path:", "path://", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.cli.Args = []string{"--override-input", "a/b", "path:" + p.path("input"), "--show-trace"}
			p.cli.Env = append(p.cli.Env, "NIX_CONFIG=!include "+p.path("included.conf"))
			before := p.mustFingerprint(t)
			p.cli.Env = append(p.cli.Env, "EDITOR=other")
			if again := p.mustFingerprint(t); again != before {
				t.Fatal("nothing changed, but the fingerprint did")
			}
			change(t, p)
			if after := p.mustFingerprint(t); after == before {
				t.Error("the fingerprint did not change")
			}
		})
	}
}

func TestFingerprintRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(t *testing.T, p *place)
		want  string
	}{
		"remote":            {func(_ *testing.T, p *place) { p.ref.URL = "github:o/r" }, "neither local nor locked"},
		"registry":          {func(_ *testing.T, p *place) { p.ref.URL = "nixpkgs" }, "neither local nor locked"},
		"missing":           {func(_ *testing.T, p *place) { p.ref.URL += "/none" }, "no such file"},
		"impure":            {withArgs("--impure"), `argument "--impure"`},
		"refresh":           {withArgs("--offline", "--refresh"), `argument "--refresh"`},
		"relock":            {withArgs("--recreate-lock-file"), `argument "--recreate-lock-file"`},
		"cut off override":  {withArgs("--override-input", "a"), `argument "--override-input"`},
		"cut off option":    {withArgs("--option", "a"), `argument "--option"`},
		"impure option":     {withArgs("--option", "pure-eval", "false"), `setting "pure-eval"`},
		"remote override":   {withArgs("--override-input", "a", "github:o/r"), "neither local nor locked"},
		"bad override":      {withArgs("--override-input", "a", "-x"), `starts with "-"`},
		"missing override":  {withArgs("--override-input", "a", "path:/nonexistent"), "no such file"},
		"impure NIX_CONFIG": {withEnv("NIX_CONFIG=cores = 1\n pure-eval=x\npure-eval = false # x"), `setting "pure-eval"`},
		"impure nix.conf": {func(t *testing.T, p *place) {
			p.write(t, "etc/nix.conf", "include more/a.conf")
			p.write(t, "etc/more/a.conf", "!include b.conf")
			p.write(t, "etc/more/b.conf", "extra-plugin-files = /x")
		}, `setting "extra-plugin-files"`},
		"endless nix.conf": {func(t *testing.T, p *place) { p.write(t, "etc/nix.conf", "include nix.conf") }, "too much"},
		"directory":        {func(t *testing.T, p *place) { p.write(t, "etc/nix.conf/x", "") }, "not a regular file"},
		"index elsewhere":  {withEnv("GIT_INDEX_FILE=/x"), "GIT_INDEX_FILE is set"},
		"no HOME":          {withEnv("HOME="), `HOME is ""`},
		"missing HOME":     {withEnv("HOME=/nonexistent"), `HOME is "/nonexistent"`},
		"no nix":           {func(_ *testing.T, p *place) { p.cli.Path = "/nonexistent/nix" }, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			test.spoil(t, p)
			key, err := p.fingerprint()
			if err == nil || key != "" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, %v", key, err)
			}
			var log bytes.Buffer
			p.cli.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			if _, ok := p.cli.Fingerprint(p.ref); ok || !strings.Contains(log.String(), "reason=") {
				t.Errorf("ok is %v; the log says %q", ok, &log)
			}
		})
	}
}

func withArgs(args ...string) func(*testing.T, *place) {
	return func(_ *testing.T, p *place) { p.cli.Args = args }
}

func withEnv(assignment string) func(*testing.T, *place) {
	return func(_ *testing.T, p *place) { p.cli.Env = append(p.cli.Env, assignment) }
}

func TestFingerprintRelative(t *testing.T) {
	p := newPlace(t)
	p.cli.Args = []string{"--override-input", "a", "path:../input"}
	t.Chdir(p.path("flake"))
	p.ref = Ref{URL: "."}
	before := p.mustFingerprint(t)
	p.write(t, "input/file", "text")
	if after := p.mustFingerprint(t); after == before {
		t.Error("a change in a relative override does not change the fingerprint")
	}
}

func BenchmarkFingerprint(b *testing.B) {
	p := newPlace(b)
	for i := range 1000 {
		p.write(b, filepath.Join("flake", "d", string(rune('a'+i%26)), strings.Repeat("x", i/26+1)), "")
	}
	p.mustFingerprint(b)
	for b.Loop() {
		if _, ok := p.cli.Fingerprint(p.ref); !ok {
			b.Fatal("no fingerprint")
		}
	}
}
