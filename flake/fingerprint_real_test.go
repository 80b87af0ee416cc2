package flake

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// realPlace has the machine's own nix.
func realPlace(t *testing.T, flake string) *place {
	t.Helper()
	real := realCLI(t)
	p := newPlace(t)
	p.cli = &CLI{Path: real.Path, Env: append(isolated(p.dir), append(real.Env, "HOME="+p.dir)...)}
	p.write(t, "flake/flake.nix", flake)
	return p
}

func (p *place) git(t *testing.T, repository string, args ...string) {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Skip("no git to test with: " + err.Error())
	}
	cmd := exec.Command(path, append([]string{"-C", p.path(repository), "-c", "user.name=t", "-c", "user.email=t@t"}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+p.dir, "GIT_CONFIG_NOSYSTEM=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v: %s", args, err, out)
	}
}

// value evaluates what the flake has, and tells whether the answer may be kept.
func (p *place) value(t *testing.T) (value, key string, keep bool) {
	t.Helper()
	key = p.mustFingerprint(t)
	results, err := p.cli.EvalMany(t.Context(), p.ref, []string{"out"}, []string{"v"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if results["v"].Err != nil {
		t.Fatal(results["v"].Err)
	}
	return string(results["v"].Value), key, p.cli.Confirm(t.Context(), p.ref, key)
}

const flakeWithInput = `{ inputs.dep.url = "github:nobody/nothing"; outputs = { self, dep }: { out.v = dep.text; }; }`

// TestFingerprintRealOverride is the demo: an input that is replaced by a git work tree, and no flake.lock.
func TestFingerprintRealOverride(t *testing.T) {
	p := realPlace(t, flakeWithInput)
	p.write(t, "dep/flake.nix", `{ outputs = _: { text = builtins.readFile ./text; }; }`)
	p.write(t, "dep/text", "one")
	p.git(t, "dep", "init", "-q")
	p.git(t, "dep", "add", ".")
	p.cli.Args = []string{"--override-input", "dep", "git+file://" + p.path("dep")}
	value, key, keep := p.value(t)
	if value != `"one"` || !keep {
		t.Errorf("uncommitted: %s, kept: %v", value, keep)
	}
	p.write(t, "dep/web.sock", "")
	if again := p.mustFingerprint(t); again != key {
		t.Error("an untracked file changes the fingerprint")
	}
	for _, step := range []func(){
		func() { p.write(t, "dep/text", "two") },
		func() { p.git(t, "dep", "commit", "-qam", "three") },
		func() { p.git(t, "dep", "checkout", "-q", "-b", "other") },
	} {
		step()
		next, after, keep := p.value(t)
		if after == key || next != `"two"` || !keep {
			t.Errorf("the fingerprint changed: %v; %s, kept: %v", after != key, next, keep)
		}
		key = after
	}
}

// TestFingerprintRealLocks has what nix can lock, and what it cannot.
func TestFingerprintRealLocks(t *testing.T) {
	p := realPlace(t, `{ outputs = _: { out.v = 1; }; }`)
	if value, _, keep := p.value(t); value != "1" || !keep {
		t.Errorf("without inputs: %s, kept: %v", value, keep)
	}
	p.write(t, "dep/flake.nix", `{ outputs = _: { text = "one"; }; }`)
	p.write(t, "flake/flake.nix", strings.Replace(flakeWithInput, "github:nobody/nothing", "path:"+p.path("dep"), 1))
	for range 2 {
		// At first nix adds the flake.lock; then there is one, but it does not make a directory immutable.
		if value, _, keep := p.value(t); value != `"one"` || keep {
			t.Errorf("with a path: %s, kept: %v", value, keep)
		}
	}
	p.git(t, "dep", "init", "-q")
	p.git(t, "dep", "add", ".")
	p.write(t, "flake/flake.nix", strings.Replace(flakeWithInput, "github:nobody/nothing", "git+file://"+p.path("dep"), 1))
	for range 2 {
		if value, _, keep := p.value(t); value != `"one"` || keep {
			t.Errorf("with uncommitted files: %s, kept: %v", value, keep)
		}
	}
	p.git(t, "dep", "commit", "-qm", "one")
	if err := os.RemoveAll(p.path("flake/flake.lock")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{false, true} {
		if value, _, keep := p.value(t); value != `"one"` || keep != want {
			t.Errorf("with a git repository: %s, kept: %v, not %v", value, keep, want)
		}
	}
	if err := os.Remove(p.path("flake/flake.lock")); err != nil {
		t.Fatal(err)
	}
	p.cli.Args = []string{"--no-write-lock-file"}
	if value, _, keep := p.value(t); value != `"one"` || keep {
		t.Errorf("without a lock file: %s, kept: %v", value, keep)
	}
}

// TestFingerprintRealSubdirectory evaluates a flake below a repository's root, by its path.
func TestFingerprintRealSubdirectory(t *testing.T) {
	p := realPlace(t, `{ outputs = _: { out.v = builtins.readFile ../input/file; }; }`)
	p.git(t, ".", "init", "-q")
	p.git(t, ".", "add", "flake", "input")
	p.ref = Ref{URL: filepath.Join(p.dir, "flake")}
	before, key, keep := p.value(t)
	if before != `""` || !keep {
		t.Errorf("got %s, kept: %v", before, keep)
	}
	p.write(t, "input/file", "text")
	after, other, keep := p.value(t)
	if after != `"text"` || !keep || other == key {
		t.Errorf("got %s, kept: %v, the fingerprint changed: %v", after, keep, other != key)
	}
}

// TestConfirmChanged edits the flake while it is evaluated, so to speak.
func TestConfirmChanged(t *testing.T) {
	p := realPlace(t, `{ outputs = _: { out.v = 1; }; }`)
	key := p.mustFingerprint(t)
	p.write(t, "flake/new", "")
	p.mustFingerprint(t)
	if p.cli.Confirm(t.Context(), p.ref, key) {
		t.Error("what changed was confirmed")
	}
}
