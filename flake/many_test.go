package flake

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

const manyFlake = `{ outputs = _: {
  guests = {
    good = { config.n = 1; };
    "my.host" = { config.n = "\${x}"; };
    "a b %^*" = { config.n = { deep = [ null ]; }; };
    drv = { config.n = derivation { name = "x"; system = "none"; builder = "none"; } // { meta = throw "not asked for"; }; };
    thrown = { config.n = throw "no ${"n"} today"; };
    deep = { config.n = { a.b = [ (throw "deep down") ]; }; };
    asserted = { config.n = assert false; 3; };
    @UNCATCHABLE@
  };
  notASet = 1;
  broken = throw "all is lost";
}; }`

const uncatchable = `
    missing = { config.n = {}.nothing; };
    aborted = { config.n = abort "enough"; };
    function = { config.n = x: x; };
`

// manyCases is what each name of manyFlake comes to.
var manyCases = []struct {
	name, value, err string
	uncatchable      bool
}{
	{name: "good", value: "1"},
	{name: "my.host", value: `"${x}"`},
	{name: "a b %^*", value: `{"deep":[null]}`},
	{name: "drv", value: "/nix/store/"},
	{name: "thrown", err: "no n today"},
	{name: "deep", err: "deep down"},
	{name: "asserted", err: "assertion 'false' failed"},
	{name: "missing", err: "'nothing' missing", uncatchable: true},
	{name: "aborted", err: "'enough'", uncatchable: true},
	{name: "function", err: "function to JSON", uncatchable: true},
	{name: "none", err: "does not provide guests.none"},
	{name: `"; abort "x`, err: "does not provide guests."},
}

func TestEvalManyRealNix(t *testing.T) {
	for _, hard := range []bool{false, true} {
		c := realCLI(t)
		insert := ""
		if hard {
			insert = uncatchable
		}
		ref := writeFlake(t, strings.Replace(manyFlake, "@UNCATCHABLE@", insert, 1))
		var names []string
		for _, mc := range manyCases {
			if hard || !mc.uncatchable {
				names = append(names, mc.name, mc.name)
			}
		}
		results, err := c.EvalMany(t.Context(), ref, []string{"guests"}, names, "guest: guest.config.n")
		if err != nil || len(results) != len(names)/2 {
			t.Fatalf("%d results for %d names, %v", len(results), len(names)/2, err)
		}
		for _, mc := range manyCases {
			r, ok := results[mc.name]
			switch {
			case !ok && !mc.uncatchable:
				t.Errorf("%s: no result", mc.name)
			case !ok:
			case mc.err == "" && (r.Err != nil || !strings.Contains(string(r.Value), mc.value)):
				t.Errorf("%s: %s, %v; want %s", mc.name, r.Value, r.Err, mc.value)
			case mc.err != "" && (r.Err == nil || !strings.Contains(r.Err.Error(), mc.err)):
				t.Errorf("%s: %s, %v; want the error %s", mc.name, r.Value, r.Err, mc.err)
			}
		}
		var missing *MissingAttr
		if !errors.As(results["none"].Err, &missing) || !slices.Contains(missing.Existing, "my.host") || !strings.Contains(missing.Hint(), `"my.host"`) {
			t.Errorf("none: %#v", results["none"].Err)
		}
	}
}

func TestEvalManyCommonErrors(t *testing.T) {
	c := realCLI(t)
	ref := writeFlake(t, strings.Replace(manyFlake, "@UNCATCHABLE@", "", 1))
	for _, attr := range []string{"broken", "notASet"} {
		if results, err := c.EvalMany(t.Context(), ref, []string{attr}, []string{"a"}, ""); err == nil {
			t.Errorf("%s: %v, want one error for all", attr, results)
		}
	}
	results, err := c.EvalMany(t.Context(), ref, []string{"guest"}, []string{"a", "b"}, "")
	var missing *MissingAttr
	if err != nil || !errors.As(results["b"].Err, &missing) || !strings.Contains(missing.Hint(), "nix flake show") {
		t.Errorf("no such output: %v, %v", results, err)
	}
	if results, err := c.EvalMany(t.Context(), ref, []string{"guests"}, []string{"good", "a\x00"}, ""); err != nil || results["good"].Err != nil || !errors.Is(results["a\x00"].Err, errNUL) {
		t.Errorf("a name with NUL: %v, %v", results, err)
	}
}

func TestEvalManyProcesses(t *testing.T) {
	for _, c := range []struct {
		name    string
		replies []reply
		want    int
	}{
		{"one for all", []reply{{Match: "eval", Stdout: `[["a","b"],[{"json":"1"},{"missing":true}]]`}}, 1},
		{"again for what was thrown", []reply{
			{Match: "builtins.tryEval", Stdout: `[["a","b"],[{"thrown":true},{"json":"1"}]]`},
			{Match: "inherit value", Stderr: "error: no\n", Code: 1},
		}, 2},
		{"one for each", []reply{
			{Match: "builtins.tryEval", Stderr: "error: uncatchable\n", Code: 1},
			{Match: "inherit value", Stdout: `[[],[{"json":"1"}]]`},
			{Match: "--apply builtins.attrNames", Stdout: `["a","b"]`},
		}, 4},
		{"two for a broken flake", []reply{{Match: "eval", Stderr: "error: syntax error\n", Code: 1}}, 2},
		{"too few answers", []reply{{Match: "--apply set", Stdout: `[[],[]]`}, {Match: "attrNames", Stdout: `["a"]`}}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			cli, calls := fakeCLI(t, c.replies...)
			results, err := cli.EvalMany(t.Context(), Ref{URL: "."}, []string{"guests"}, []string{"a", "b"}, "")
			if got := calls(); len(got) != c.want {
				t.Errorf("%d processes, want %d (%v, %v)", len(got), c.want, results, err)
			}
		})
	}
}

func TestEvalManyCancelled(t *testing.T) {
	cli, _ := fakeCLI(t, reply{Match: "eval", Stderr: "warning: here\n", Hang: "polite"})
	cli.grace = time.Minute
	ready := make(chan struct{})
	cli.Stderr = &announcer{ready}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-ready
		cancel()
	}()
	if results, err := cli.EvalMany(ctx, Ref{URL: "."}, []string{"guests"}, []string{"a"}, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v; want context.Canceled", results, err)
	}
}

func TestMissingAttrHint(t *testing.T) {
	e := &MissingAttr{Ref: Ref{URL: "."}, Attr: []string{"guests"}, Name: "a.b", Existing: slices.Repeat([]string{"x"}, maxListed+2)}
	if got := e.Error(); got != `flake "." does not provide guests."a.b"` {
		t.Error(got)
	}
	if got := e.Hint(); !strings.HasSuffix(got, "x and 2 more") {
		t.Error(got)
	}
}
