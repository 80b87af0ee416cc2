package flake

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// awkward are strings that a careless escaping would change, run or cut off.
var awkward = []string{
	"", "plain", `"`, `\`, `\\`, `\"`, "$", "$$", "${", "${x}", "$${x}", "$$${x}", `\${x}`, `$\{x}`, `\$${x}`, "${${", "{}", "$}",
	"''", "''${x}''", "'''", "a\nb", "a\rb", "a\r\nb", "\r", "\n", "a\tb", "\x01\x1b[31m\x7f", "ü ∅ 🙂", "\u2028\ufeff\ufffd",
	`\n`, `\t`, "/* */ # x", `"; builtins.abort "x`, "<nixpkgs>", "https://x.y", strings.Repeat("\\$\"{", 1000),
}

var noStrings = []struct {
	text string
	want error
}{{"a\x00b", errNUL}, {"\x00", errNUL}, {"\xff", errUTF8}, {"a\xc3", errUTF8}, {"\xed\xa0\x80", errUTF8}}

func TestString(t *testing.T) {
	for s, want := range map[string]string{
		`a"b\c`: `"a\"b\\c"`, "${x} $y $${": `"\${x} $y $\${"`, "a\nb\rc\td": `"a\nb\rc\td"`, "''": `"''"`,
	} {
		if got, err := String(s); err != nil || got != want {
			t.Errorf("String(%q) = %s, %v; want %s", s, got, err, want)
		}
	}
	for _, c := range noStrings {
		if got, err := String(c.text); !errors.Is(err, c.want) {
			t.Errorf("String(%q) = %s, %v; want the error %v", c.text, got, err, c.want)
		}
		if got, err := AttrName(c.text); !errors.Is(err, c.want) {
			t.Errorf("AttrName(%q) = %s, %v; want the error %v", c.text, got, err, c.want)
		}
	}
}

func TestAttrName(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "_a-b'1": "_a-b'1", "1a": `"1a"`, "-a": `"-a"`, "": `""`, "a.b": `"a.b"`, "let": `"let"`, "or": `"or"`, "letter": "letter", "${x}": `"\${x}"`,
	} {
		if got, err := AttrName(name); err != nil || got != want {
			t.Errorf("AttrName(%q) = %s, %v; want %s", name, got, err, want)
		}
	}
}

func TestJSON(t *testing.T) {
	got, err := JSON(map[string]any{"a": []any{1, nil, "${x}\n"}})
	if want := `(builtins.fromJSON "{\"a\":[1,null,\"\${x}\\n\"]}")`; err != nil || got != want {
		t.Errorf("JSON gives %s, %v; want %s", got, err, want)
	}
	if got, err := JSON(`\u0000`); err != nil {
		t.Errorf("JSON of a backslash and u0000 gives %s, %v", got, err)
	}
	for _, v := range []any{"a\x00", map[string]int{"\x00": 1}, []any{[]string{"\x00"}}, func() {}} {
		if got, err := JSON(v); err == nil {
			t.Errorf("JSON(%#v) = %s, want an error", v, got)
		}
	}
}

// roundTrip is a Nix expression that gives [s s {s: s} s], once by each way into Nix.
func roundTrip(s string) (string, error) {
	literal, err := String(s)
	if err != nil {
		return "", err
	}
	name, err := AttrName(s)
	if err != nil {
		return "", err
	}
	data, err := JSON(map[string]string{s: s})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("[ %s %s { %s = %s; }.%s ]", literal, data, name, literal, name), nil
}

func checkRoundTrip(t *testing.T, s string, result any) {
	t.Helper()
	if want := []any{s, map[string]any{s: s}, s}; !reflect.DeepEqual(result, want) {
		t.Errorf("%q comes back from Nix as %q", s, result)
	}
}

func evalJSON(t *testing.T, c *CLI, expr string) (result any) {
	t.Helper()
	out, err := c.EvalExpr(t.Context(), expr, EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func TestEscapeRealNix(t *testing.T) {
	c := realCLI(t)
	exprs := make([]string, len(awkward))
	for i, s := range awkward {
		var err error
		if exprs[i], err = roundTrip(s); err != nil {
			t.Fatal(err)
		}
	}
	results, _ := evalJSON(t, c, "[ "+strings.Join(exprs, "\n")+" ]").([]any)
	if len(results) != len(awkward) {
		t.Fatalf("Nix gives %d results for %d strings", len(results), len(awkward))
	}
	for i, s := range awkward {
		checkRoundTrip(t, s, results[i])
	}
}

// FuzzEscape sends each string through real Nix: about fifty a second.
func FuzzEscape(f *testing.F) {
	c := realCLI(f)
	for _, s := range []string{"", "a", "$${x}''\\\"", "\r\n\t", "ü", "\x00", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		expr, err := roundTrip(s)
		switch {
		case err != nil && badString(s):
			return
		case err != nil:
			t.Fatalf("%q is refused: %v", s, err)
		}
		checkRoundTrip(t, s, evalJSON(t, c, expr))
	})
}

func badString(s string) bool {
	return strings.ContainsRune(s, 0) || strings.ToValidUTF8(s, "") != s
}
