package flake

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// realFlake has names that the command line must carry unharmed, and what builds and what does not.
const realFlake = `{ outputs = _: rec {
  names = { plain = 1; "my.host" = 2; "a b" = 3; "50%" = 4; "^*" = 5; "ü" = 6; "x+y" = 7; "#?&" = 8; "\${x}" = 9; "it's" = 10; "-n" = 11; };
  good = derivation { name = "good"; system = builtins.currentSystem; builder = "/bin/sh"; outputs = [ "dev" "out" ];
    args = [ "-c" "echo dev > $dev; echo out > $out" ]; };
  dev = good.dev // { outputSpecified = true; };
  bad = derivation { name = "bad"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo why; exit 3" ]; };
}; }`

func TestInstallableRealNix(t *testing.T) {
	c := realCLI(t)
	ref := writeFlake(t, realFlake)
	names, err := c.Names(t.Context(), ref, "names")
	if err != nil || len(names) != 11 || !slices.IsSorted(names) {
		t.Fatalf("Names gives %q, %v", names, err)
	}
	for _, name := range names {
		installable, err := ref.Installable("names", name)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := c.Eval(t.Context(), installable, EvalOptions{Apply: "n: n * 100"}); err != nil || !strings.HasSuffix(string(out), "00") {
			t.Errorf("%q as %s gives %s, %v", name, installable, out, err)
		}
	}
	if names, err := c.Names(t.Context(), ref, "nothing"); err != nil || names != nil {
		t.Errorf("Names of a missing output: %q, %v", names, err)
	}
	if names, err := c.Names(t.Context(), ref, "names", "plain"); err == nil {
		t.Errorf("Names of a number: %q", names)
	}
	if names, err := c.Names(t.Context(), Ref{URL: "path:" + t.TempDir()}, "names"); err == nil {
		t.Errorf("Names without a flake: %q", names)
	}
}

func TestBuildRealNix(t *testing.T) {
	c := realCLI(t)
	c.Args = []string{"--impure"}
	ref := writeFlake(t, realFlake)
	good, err := ref.Installable("good")
	if err != nil {
		t.Fatal(err)
	}
	dev, err := ref.Installable("dev")
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "result")
	paths, err := c.Build(t.Context(), dev, BuildOptions{OutLink: link})
	if err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(link + "-dev"); err != nil || !slices.Equal(paths, []string{target}) {
		t.Errorf("the link is %q, %v; built %q", target, err, paths)
	}
	drv, err := c.Eval(t.Context(), good+".drvPath", EvalOptions{Raw: true})
	if err != nil {
		t.Fatal(err)
	}
	paths, err = c.Build(t.Context(), string(drv), BuildOptions{})
	if err != nil || len(paths) != 2 || !strings.HasSuffix(paths[0], "-good") || !strings.HasSuffix(paths[1], "-good-dev") {
		t.Errorf("building %s gives %q, %v", drv, paths, err)
	}
	if same, err := c.Build(t.Context(), paths[0], BuildOptions{}); err != nil || !slices.Equal(same, paths[:1]) {
		t.Errorf("building %s gives %q, %v", paths[0], same, err)
	}
	bad, err := ref.Installable("bad")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Build(t.Context(), bad, BuildOptions{})
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Message(), "exit code 3") || !strings.Contains(e.Message(), "> why") {
		t.Errorf("building what fails gives %v", err)
	}
}

// TestTerminalRealNix checks that nix draws its progress bar, and that its error is kept from the terminal.
func TestTerminalRealNix(t *testing.T) {
	c := realCLI(t)
	c.Args = []string{"--impure"}
	c.Env = append(c.Env, "TERM=xterm")
	c.Terminal = pty.Open
	var stderr bytes.Buffer
	c.Stderr = &stderr
	bad, err := writeFlake(t, realFlake).Installable("bad")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Build(t.Context(), bad, BuildOptions{})
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Message(), "exit code 3") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(stderr.String(), eraseLine) || strings.Contains(stderr.String(), "error") {
		t.Errorf("the terminal shows %q", stderr.String())
	}
}

func TestQueriesRealNix(t *testing.T) {
	c := realCLI(t)
	ref := writeFlake(t, realFlake)
	config, err := c.Config(t.Context())
	if err != nil || !strings.Contains(config.System, "-") || config.Sandbox != "false" || !config.Value("cores").Exists() {
		t.Errorf("Config gives %+v, %v", config, err)
	}
	if v, err := c.Version(t.Context()); err != nil || v.Major < 2 {
		t.Errorf("Version gives %v, %v", v, err)
	}
	md, err := c.Metadata(t.Context(), ref)
	if err != nil || md.NarHash == "" || md.LastModified.IsZero() {
		t.Fatalf("Metadata gives %+v, %v", md, err)
	}
	expr, err := String(md.URL)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := c.EvalExpr(t.Context(), "(builtins.getFlake "+expr+").names.plain", EvalOptions{}); err != nil || string(out) != "1" {
		t.Errorf("the locked URL %q gives %s, %v", md.URL, out, err)
	}
	_, err = c.EvalExpr(t.Context(), `builtins.getEnv "HOME"`, EvalOptions{Raw: true, Impure: true})
	if err != nil {
		t.Error(err)
	}
}
