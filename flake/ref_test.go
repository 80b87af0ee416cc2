package flake

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// canonical are references that print as they were written.
var canonical = []struct {
	text string
	want Ref
}{
	{".", Ref{URL: "."}},
	{"./vms", Ref{URL: "./vms"}},
	{"../a b", Ref{URL: "../a b"}},
	{"~/vms", Ref{URL: "~/vms"}},
	{"/etc/nixos", Ref{URL: "/etc/nixos"}},
	{"/etc/nixos?dir=vms#web", Ref{URL: "/etc/nixos?dir=vms", Attr: []string{"web"}}},
	{"nixpkgs", Ref{URL: "nixpkgs"}},
	{"nixpkgs/nixos-25.05", Ref{URL: "nixpkgs/nixos-25.05"}},
	{"nixpkgs/master/a3a3dda3bacf61e8a39258a0ed9c924eeca8e293", Ref{URL: "nixpkgs/master/a3a3dda3bacf61e8a39258a0ed9c924eeca8e293"}},
	{"flake:nixpkgs", Ref{URL: "flake:nixpkgs"}},
	{"github:o/r", Ref{URL: "github:o/r"}},
	{"github:o/r/v1.0?dir=x&host=git.example.org#a", Ref{URL: "github:o/r/v1.0?dir=x&host=git.example.org", Attr: []string{"a"}}},
	{"gitlab:group%2Fsub/r", Ref{URL: "gitlab:group%2Fsub/r"}},
	{"sourcehut:~u/r", Ref{URL: "sourcehut:~u/r"}},
	{"git+https://h/r.git?ref=main&submodules=1#a.b", Ref{URL: "git+https://h/r.git?ref=main&submodules=1", Attr: []string{"a", "b"}}},
	{"git+ssh://git@h:22/r", Ref{URL: "git+ssh://git@h:22/r"}},
	{"git+https://[::1]/r", Ref{URL: "git+https://[::1]/r"}},
	{"git+file:///srv/r?dir=x", Ref{URL: "git+file:///srv/r?dir=x"}},
	{"hg+https://h/r", Ref{URL: "hg+https://h/r"}},
	{"https://h/x.tar.gz?narHash=sha256-AA%3D", Ref{URL: "https://h/x.tar.gz?narHash=sha256-AA%3D"}},
	{"tarball+https://h/x", Ref{URL: "tarball+https://h/x"}},
	{"file+https://h/x", Ref{URL: "file+https://h/x"}},
	{"path:./x", Ref{URL: "path:./x"}},
	{"path:/srv/a%20b#web", Ref{URL: "path:/srv/a%20b", Attr: []string{"web"}}},
	{`.#nixosConfigurations."my.host".config`, Ref{URL: ".", Attr: []string{"nixosConfigurations", "my.host", "config"}}},
	{`.#"a%20b"."50%25"."%5E*"."%C3%BC"."x+y"."1st"."a%23b"`, Ref{URL: ".", Attr: []string{"a b", "50%", "^*", "ü", "x+y", "1st", "a#b"}}},
	{".#.packages.x", Ref{URL: ".", Attr: []string{"packages", "x"}, Exact: true}},
	{".#it's.a-b_c", Ref{URL: ".", Attr: []string{"it's", "a-b_c"}}},
}

// normalised are references that print otherwise than they were written.
var normalised = []struct{ text, want string }{
	{"", "."},
	{"#", "."},
	{".#", "."},
	{"#web", ".#web"},
	{"?dir=x#web", ".?dir=x#web"},
	{`.#"web"`, ".#web"},
	{`.#we"b.1"`, `.#"web.1"`},
	{".#%77eb", ".#web"},
	{".#a b", `.#"a%20b"`},
	{".#x+y", `.#"x+y"`},
	{`.#%22a.b%22`, `.#"a.b"`},
	{`.#"ü".x`, `.#"%C3%BC".x`},
	{"path:.#1st.%23a", `path:.#"1st"."%23a"`},
}

// refused are references with a part of the reason.
var refused = []struct{ text, reason string }{
	{"-f", `"./-name"`},
	{"--help#x", `"./-name"`},
	{"a\x00b", "U+0000"},
	{".#a\nb", "U+000A"},
	{"./\x1b[31m", "U+001B"},
	{"./a\u0085", "U+0085"},
	{".\xff", "UTF-8"},
	{".#%00", "U+0000"},
	{".#%0a", "U+000A"},
	{".#%ff", "UTF-8"},
	{".#%zz", `bad percent escape "%zz"`},
	{".#%2", `bad percent escape "%2"`},
	{`.#"a`, "closing"},
	{`.#a"`, "closing"},
	{".#a..b", "is empty"},
	{".#a.", "is empty"},
	{".#.", "is empty"},
	{`.#""`, "is empty"},
	{".#a#b", "%23"},
	{".#a^out", "%5E"},
	{"path:/a b", "' ' in a URL"},
	{"path:/ü", "'ü' in a URL"},
	{`github:o/r"`, "in a URL"},
	{"github:o/%r", "bad percent escape"},
	{"path:/%00", "U+0000"},
}

func TestParseRef(t *testing.T) {
	for _, c := range canonical {
		got, err := ParseRef(c.text)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("ParseRef(%q) = %#v, %v; want %#v", c.text, got, err, c.want)
		}
		if got := c.want.String(); got != c.text {
			t.Errorf("%#v prints %q, want %q", c.want, got, c.text)
		}
	}
	for _, c := range normalised {
		if got, err := ParseRef(c.text); err != nil || got.String() != c.want {
			t.Errorf("ParseRef(%q) = %q, %v; want %q", c.text, got, err, c.want)
		}
	}
	for _, c := range refused {
		got, err := ParseRef(c.text)
		var refError *RefError
		if !errors.As(err, &refError) || !strings.Contains(refError.Reason, c.reason) {
			t.Errorf("ParseRef(%q) = %q, %v; want a *RefError that says %s", c.text, got, err, c.reason)
		}
	}
}

func TestResolve(t *testing.T) {
	cases := []struct{ ref, dir, want string }{
		{".", "/home/me", "/home/me"},
		{"#web", "/home/me", "/home/me#web"},
		{"./vms/../x#web", "/home/me", "/home/me/x#web"},
		{"..", "/home/me", "/home"},
		{"../../../..", "/home/me", "/"},
		{"?dir=sub#web", "/home/me", "/home/me?dir=sub#web"},
		{"./a/?dir=sub", "/home/me", "/home/me/a?dir=sub"},
		{"/etc//nixos/", "/home/me", "/etc/nixos"},
		{"flake.d/x.y#a", "/home/me", "/home/me/flake.d/x.y#a"},
		{"a.b/c", "/home/me", "/home/me/a.b/c"},
		{"nixpkgs?dir=x", "/home/me", "/home/me/nixpkgs?dir=x"},
		{"path:.", "/home/me", "path:/home/me"},
		{"path:x?lastModified=1", "/home/me", "path:/home/me/x?lastModified=1"},
		{"path:../a%20b#web", "/home/me", "path:/home/a%20b#web"},
		{"path:.", "/home/a#b?c%d ü", "path:/home/a%23b%3Fc%25d%20%C3%BC"},
		{"path:/srv", "/home/me", "path:/srv"},
		{"path:///srv", "/home/me", "path:///srv"},
		{"git+file:./x?dir=y", "/home/me", "git+file:///home/me/x?dir=y"},
		{"git+file:///srv/x", "/home/me", "git+file:///srv/x"},
		{"hg+file:x", "/home/me", "hg+file:///home/me/x"},
		{"nixpkgs", "/home/me", "nixpkgs"},
		{"nixpkgs/x#a", "/home/me", "nixpkgs/x#a"},
		{"github:o/r", "/home/me", "github:o/r"},
		{"flake:x", "/home/me", "flake:x"},
	}
	for _, c := range cases {
		ref, err := ParseRef(c.ref)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ref.Resolve(c.dir)
		if err != nil || got.String() != c.want {
			t.Errorf("%q in %q resolves to %q, %v; want %q", c.ref, c.dir, got, err, c.want)
		}
	}
	for _, c := range []struct{ ref, dir string }{
		{".", "home"}, {".", "/home/a#b"}, {".", "/home/a?b"}, {".", "/home/a\nb"},
	} {
		if got, err := (Ref{URL: c.ref}).Resolve(c.dir); err == nil {
			t.Errorf("%q in %q resolves to %q, want an error", c.ref, c.dir, got)
		}
	}
}

func TestInstallable(t *testing.T) {
	ref := Ref{URL: "github:o/r?dir=x", Attr: []string{"not", "used"}, Exact: true}
	for _, c := range []struct {
		attr []string
		want string
	}{
		{nil, "github:o/r?dir=x"},
		{[]string{"a", "b.c", "d e"}, `github:o/r?dir=x#a."b.c"."d%20e"`},
		{[]string{"^*", "%41", "${x}", "-n"}, `github:o/r?dir=x#"%5E*"."%2541"."$%7Bx%7D"."-n"`},
	} {
		if got, err := ref.Installable(c.attr...); err != nil || got != c.want {
			t.Errorf("Installable(%q) = %q, %v; want %q", c.attr, got, err, c.want)
		}
	}
	for _, name := range []string{"", `a"b`, "a\x00", "a\nb", "\xff"} {
		var attrError *AttrError
		if got, err := ref.Installable("a", name); !errors.As(err, &attrError) || attrError.Name != name {
			t.Errorf("Installable(%q) = %q, %v; want an *AttrError", name, got, err)
		}
	}
}

// FuzzParseRef checks that what is accepted prints to a fixpoint and can be neither an option nor a control sequence.
func FuzzParseRef(f *testing.F) {
	for _, c := range canonical {
		f.Add(c.text)
	}
	for _, c := range normalised {
		f.Add(c.text)
	}
	for _, c := range refused {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := ParseRef(s)
		if err != nil {
			return
		}
		text := ref.String()
		again, err := ParseRef(text)
		if err != nil || !reflect.DeepEqual(again, ref) {
			t.Fatalf("%q parses to %#v, its text %q to %#v, %v", s, ref, text, again, err)
		}
		if strings.HasPrefix(text, "-") || badText(text) != "" {
			t.Fatalf("%q was let through as %q", s, text)
		}
		resolved, err := ref.Resolve("/some/dir")
		if err != nil {
			return
		}
		if twice, err := resolved.Resolve("/other"); err != nil || !reflect.DeepEqual(twice, resolved) {
			t.Fatalf("%q resolves to %q, which resolves to %q, %v", s, resolved, twice, err)
		}
	})
}
