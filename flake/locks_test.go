package flake

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"microvm/flake/stamp"
)

const (
	lockedA  = `"original":{"type":"github","owner":"o","repo":"a"},"locked":{"type":"github","rev":"aa","narHash":"sha256-a"}`
	newerA   = `"original":{"type":"github","owner":"o","repo":"a"},"locked":{"type":"github","rev":"ab","narHash":"sha256-b"}`
	renamedA = `"original":{"type":"github","owner":"o","repo":"c"},"locked":{"type":"github","rev":"aa","narHash":"sha256-a"}`
	lockedT  = `"original":{"type":"tarball"},"locked":{"type":"tarball","url":"https://h/t","narHash":"sha256-t"}`
	dirtyGit = `"original":{"type":"git"},"locked":{"type":"git","url":"file:///x","narHash":"sha256-g"}`
	inside   = `"original":{"type":"path","path":"./sub"},"locked":{"type":"path","path":"./sub"},"parent":[]`
	outside  = `"original":{"type":"path"},"locked":{"type":"path","path":"/x","narHash":"sha256-p"}`
	beside   = `"original":{"type":"path"},"locked":{"type":"path","path":"../x"},"parent":[]`
)

// lock is a flake.lock with the inputs of its root, as JSON, and nodes.
func lock(inputs string, nodes ...string) string {
	text := `{"version":7,"root":"root","nodes":{"root":{"inputs":` + inputs + `}`
	for _, node := range nodes {
		text += "," + node
	}
	return text + "}}"
}

func TestCheckLocks(t *testing.T) {
	oneA := lock(`{"a":"a"}`, `"a":{`+lockedA+`}`)
	for name, test := range map[string]struct {
		// used is what nix says, written the flake.lock, own that of the flake which is given for the input a.
		used, written, own string
		overridden         string
		want               string
	}{
		"no inputs":            {used: lock(`{}`)},
		"locked":               {used: oneA, written: oneA},
		"locked, more written": {used: oneA, written: lock(`{"a":"n","b":"b"}`, `"n":{`+lockedA+`}`, `"b":{`+dirtyGit+`}`)},
		"not locked":           {used: oneA, want: `input "a": no flake.lock has it`},
		"another name":         {used: oneA, written: lock(`{"b":"a"}`, `"a":{`+lockedA+`}`), want: `input "a": no flake.lock has it`},
		"newer":                {used: lock(`{"a":"a"}`, `"a":{`+newerA+`}`), written: oneA, want: `input "a": its lock is not the one`},
		"other reference":      {used: lock(`{"a":"a"}`, `"a":{`+renamedA+`}`), written: oneA, want: `input "a": its lock is not the one`},
		"no node":              {used: lock(`{"a":"a"}`), written: lock(`{"a":"a"}`), want: "has no narHash"},
		"no root":              {used: `{"nodes":{},"root":"root"}`, want: `no lock "root"`},
		"no locks":             {used: `{}`, want: `no lock ""`},
		"tarball":              {used: lock(`{"a":"a"}`, `"a":{`+lockedT+`}`), written: lock(`{"a":"a"}`, `"a":{`+lockedT+`}`)},
		"dirty": {
			used: lock(`{"a":"a"}`, `"a":{`+dirtyGit+`}`), written: lock(`{"a":"a"}`, `"a":{`+dirtyGit+`}`), want: "has no rev",
		},
		"path inside": {used: lock(`{"a":"a"}`, `"a":{`+inside+`}`), written: lock(`{"a":"a"}`, `"a":{`+inside+`}`)},
		"path outside": {
			used: lock(`{"a":"a"}`, `"a":{`+outside+`}`), written: lock(`{"a":"a"}`, `"a":{`+outside+`}`), want: "path outside the flake",
		},
		"path beside": {
			used: lock(`{"a":"a"}`, `"a":{`+beside+`}`), written: lock(`{"a":"a"}`, `"a":{`+beside+`}`), want: "path outside the flake",
		},
		"input of an input": {
			used:    lock(`{"a":"a"}`, `"a":{`+lockedA+`,"inputs":{"t":"t"}}`, `"t":{`+lockedT+`}`),
			written: lock(`{"a":"a"}`, `"a":{`+lockedA+`,"inputs":{"t":"t"}}`, `"t":{`+lockedT+`}`),
		},
		"unlocked input of an input": {
			used:    lock(`{"a":"a"}`, `"a":{`+lockedA+`,"inputs":{"t":"t"}}`, `"t":{`+lockedT+`}`),
			written: oneA, want: `input "a/t": no flake.lock has it`,
		},
		"followed": {
			used:    lock(`{"a":"a","t":"t"}`, `"a":{`+lockedA+`,"inputs":{"t":["t"]}}`, `"t":{`+lockedT+`}`),
			written: lock(`{"a":"a","t":"t"}`, `"a":{`+lockedA+`,"inputs":{"t":["t"]}}`, `"t":{`+lockedT+`}`),
		},
		"override":                 {used: lock(`{"a":"a"}`, `"a":{`+dirtyGit+`}`), overridden: "a"},
		"override of a locked one": {used: lock(`{"a":"a"}`, `"a":{`+dirtyGit+`}`), written: oneA, overridden: "a"},
		"override of another":      {used: oneA, overridden: "b", want: `input "a": no flake.lock has it`},
		"override of a deeper one": {used: oneA, overridden: "a/a", want: `input "a": no flake.lock has it`},
		"override with its own locks": {
			used: lock(`{"a":"a"}`, `"a":{`+dirtyGit+`,"inputs":{"t":"t"}}`, `"t":{`+lockedT+`}`), own: lock(`{"t":"t"}`, `"t":{`+lockedT+`}`),
			overridden: "a",
		},
		"override without locks": {
			used: lock(`{"a":"a"}`, `"a":{`+dirtyGit+`,"inputs":{"t":"t"}}`, `"t":{`+lockedT+`}`), overridden: "a",
			want: `input "a/t": no flake.lock has it`,
		},
		"override with other locks": {
			used: lock(`{"a":"a"}`, `"a":{`+dirtyGit+`,"inputs":{"b":"b"}}`, `"b":{`+newerA+`}`), own: lock(`{"b":"b"}`, `"b":{`+lockedA+`}`),
			overridden: "a", want: `input "a/b": its lock is not the one`,
		},
		"override that only the outer lock is against": {
			used:    lock(`{"a":"a"}`, `"a":{`+dirtyGit+`,"inputs":{"b":"b"}}`, `"b":{`+lockedA+`}`),
			written: lock(`{"a":"a"}`, `"a":{`+lockedT+`,"inputs":{"b":"b"}}`, `"b":{`+renamedA+`}`), own: lock(`{"b":"b"}`, `"b":{`+lockedA+`}`),
			overridden: "a", want: `input "a/b": its lock is not the one`,
		},
		"override below": {
			used:    lock(`{"a":"a"}`, `"a":{`+lockedA+`,"inputs":{"t":"t"}}`, `"t":{`+dirtyGit+`}`),
			written: lock(`{"a":"a"}`, `"a":{`+lockedA+`,"inputs":{"t":"t"}}`, `"t":{`+lockedT+`}`), overridden: "a/t",
		},
		"not JSON":         {used: `{}`, written: "x", want: "flake.lock in"},
		"endless":          {used: lock(`{"a":"root"}`), written: lock(`{"a":"root"}`), want: "has no narHash"},
		"endless override": {used: lock(`{"a":"a"}`, `"a":{"inputs":{"a":"a"}}`), overridden: "a", want: `input "a/a": no flake.lock has it`},
		"too many": {
			used: lock(`{"a":"a"}`, `"a":{`+lockedA+`,"inputs":{"a":"a","b":"a"}}`), written: lock(`{"a":"a"}`, `"a":{`+lockedA+`,"inputs":{"a":"a","b":"a"}}`),
			want: stamp.ErrTooMuch.Error(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := fakeCLI(t, reply{Match: "flake metadata --json", Stdout: fmt.Sprintf(`{"path":"/nix/store/x","locks":%s}`, test.used)})
			in := inputs{flake: lockedFlake(t, test.written), overrides: map[string]source{}}
			if test.overridden != "" {
				in.overrides[test.overridden] = lockedFlake(t, test.own)
			}
			if err := c.checkLocks(t.Context(), Ref{URL: "path:/x"}, in); !matches(err, test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func matches(err error, want string) bool {
	if want == "" || err == nil {
		return want == "" && err == nil
	}
	return strings.Contains(err.Error(), want)
}

func lockedFlake(t *testing.T, lock string) source {
	t.Helper()
	dir := t.TempDir()
	if lock != "" {
		if err := os.WriteFile(filepath.Join(dir, "flake.lock"), []byte(lock), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return source{root: dir}
}

// TestCheckLocksRemote has a flake that is in the store only.
func TestCheckLocksRemote(t *testing.T) {
	oneA := lock(`{"a":"a"}`, `"a":{`+lockedA+`}`)
	seen := lockedFlake(t, oneA)
	deeper := lock(`{"a":"a"}`, `"a":{`+lockedA+`,"inputs":{"t":"t"}}`, `"t":{`+lockedT+`}`)
	metadata := func(path, dir, locks string) string {
		return fmt.Sprintf(`{"path":%q,"locked":{"dir":%q},"locks":%s}`, path, dir, locks)
	}
	override := inputs{overrides: map[string]source{"a": {}}}
	for name, test := range map[string]struct {
		metadata string
		in       inputs
		want     string
	}{
		"in the store":     {metadata: metadata(seen.root, "", oneA)},
		"in a directory":   {metadata: metadata(filepath.Dir(seen.root), filepath.Base(seen.root), oneA)},
		"nowhere":          {metadata: metadata("", "", oneA), want: "does not say where"},
		"gone":             {metadata: metadata("/nonexistent", "", oneA), want: "no flake.lock has it"},
		"not JSON":         {metadata: `x`, want: "invalid character"},
		"other JSON":       {metadata: `{"locks":[]}`, want: "cannot unmarshal"},
		"remote override":  {metadata: metadata(seen.root, "", oneA), in: override},
		"unknown override": {metadata: metadata("/nonexistent", "", deeper), in: override, want: `input "a/t"`},
	} {
		c, _ := fakeCLI(t, reply{Match: "flake metadata --json", Stdout: test.metadata})
		if err := c.checkLocks(t.Context(), Ref{URL: "github:o/r"}, test.in); !matches(err, test.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestCheckLocksImpureFlake(t *testing.T) {
	src := lockedFlake(t, "")
	if err := os.WriteFile(filepath.Join(src.root, "flake.nix"), []byte("{ nixConfig.pure-eval = false; }"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _ := fakeCLI(t, reply{Match: "flake metadata --json", Stdout: fmt.Sprintf(`{"locks":%s}`, lock(`{}`))})
	if err := c.checkLocks(t.Context(), Ref{URL: "path:/x"}, inputs{flake: src}); !matches(err, `setting "pure-eval"`) {
		t.Errorf("got %v", err)
	}
	c, _ = fakeCLI(t, reply{Match: "flake metadata", Stderr: "error: no", Code: 1})
	if err := c.checkLocks(t.Context(), Ref{URL: "path:/x"}, inputs{flake: src}); !matches(err, "exit code 1: no") {
		t.Errorf("a nix that fails gives %v", err)
	}
}

// FuzzLocks walks hostile locks: it ends, and what it lets pass was written in full.
func FuzzLocks(f *testing.F) {
	oneA := lock(`{"a":"a"}`, `"a":{`+lockedA+`,"inputs":{"t":"t","f":["t"]}}`, `"t":{`+lockedT+`}`)
	f.Add([]byte(oneA), []byte(oneA))
	f.Add([]byte(lock(`{"a":"root"}`)), []byte(lock(`{"a":"root"}`)))
	f.Fuzz(func(t *testing.T, used, written []byte) {
		var u, w lockFile
		if json.Unmarshal(used, &u) != nil || json.Unmarshal(written, &w) != nil {
			return
		}
		walker := lockWalker{used: u.Nodes, left: maxLockSteps}
		if walker.flake(u.Root, []lockEntry{{w.Nodes, w.Root}}, "") != nil {
			return
		}
		for name, target := range u.Nodes[u.Root].Inputs {
			if _, direct := target.(string); direct && w.Nodes[w.Root].Inputs[name] == nil {
				t.Errorf("%s passes with %s", used, written)
			}
		}
	})
}
