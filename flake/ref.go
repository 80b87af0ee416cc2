package flake

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Ref is a flake reference with an optional attribute path, as the Nix manual describes them under `nix flake`:
// a registry name, a URL-like reference or a bare path, then `#` and attribute names.
type Ref struct {
	// URL is the reference without its fragment, in the form it was written; never empty.
	URL string
	// Attr is the attribute path, percent-decoded and unquoted; nil when there is none.
	Attr []string
	// Exact says that the fragment began with a dot: Nix 2.19 and later then do not look under packages and legacyPackages.
	Exact bool
}

// RefError says why a flake reference was refused.
type RefError struct {
	Input  string
	Reason string
}

func (e *RefError) Error() string { return fmt.Sprintf("flake reference %q: %s", e.Input, e.Reason) }

// Hint lists the forms that are allowed.
func (e *RefError) Hint() string {
	return `use a path (".", "./dir", "/dir", "path:./dir"), a registry name ("nixpkgs", "nixpkgs/BRANCH") or a URL ("github:OWNER/REPO", ` +
		`"git+https://HOST/REPO"), then "#NAME"; write special characters in URLs as %XX, and names with dots in double quotes`
}

var (
	schemePattern   = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)
	indirectPattern = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]*(/[a-zA-Z0-9@][a-zA-Z0-9_./@+-]*)?$`)
)

// ParseRef reads every form of reference that Nix accepts. The empty reference is the current directory.
// Nix judges what only Nix can know (unknown schemes, missing repositories); what could be mistaken for an option, hides
// control characters or is not well-formed is a *RefError.
func ParseRef(s string) (Ref, error) {
	fail := func(reason string) (Ref, error) { return Ref{}, &RefError{Input: s, Reason: reason} }
	if reason := badText(s); reason != "" {
		return fail(reason)
	}
	if strings.HasPrefix(s, "-") {
		return fail(`starts with "-"; write "./-name" for such a directory`)
	}
	url, fragment, _ := strings.Cut(s, "#")
	if url == "" || url[0] == '?' {
		url = "." + url
	}
	if schemePattern.MatchString(url) {
		if reason := badURL(url); reason != "" {
			return fail(reason)
		}
	}
	ref := Ref{URL: url}
	if fragment == "" {
		return ref, nil
	}
	fragment, ref.Exact = strings.CutPrefix(fragment, ".")
	var err error
	if ref.Attr, err = parseFragment(fragment); err != nil {
		return fail(err.Error())
	}
	return ref, nil
}

// badURL names the first thing in a URL that no version of Nix takes, or returns "".
func badURL(url string) string {
	for i := 0; i < len(url); i++ {
		if c := url[i]; c >= 0x80 || strings.IndexByte("\"<>\\^`{|} ", c) >= 0 {
			return fmt.Sprintf("character %q in a URL must be written as %%XX", []rune(url[i:])[0])
		}
	}
	decoded, err := percentDecode(url)
	if err != nil {
		return err.Error()
	}
	return badText(decoded)
}

// String is the reference as Nix reads it. What ParseRef returned prints to something that parses to the same Ref.
func (r Ref) String() string {
	if len(r.Attr) == 0 {
		return r.URL
	}
	dot := ""
	if r.Exact {
		dot = "."
	}
	return r.URL + "#" + dot + strings.Join(quoteAttrs(r.Attr), ".")
}

// Installable is the command line argument that names attr in r's flake; r's own attribute path plays no part.
// Installables have no way to write an empty name or one with a double quote: such a name is an *AttrError.
func (r Ref) Installable(attr ...string) (string, error) {
	for _, name := range attr {
		if reason := badAttr(name); reason != "" {
			return "", &AttrError{Name: name, Reason: reason}
		}
	}
	return Ref{URL: r.URL, Attr: attr}.String(), nil
}

// Resolve makes a relative path in r absolute against dir, which must be absolute: a bare path, `path:x` and every
// `…+file:x`. A bare path stays one, so that Nix itself decides whether it lies in a git repository, and `path:` stays `path:`.
// References that depend on no directory are returned unchanged.
func (r Ref) Resolve(dir string) (Ref, error) {
	if !filepath.IsAbs(dir) {
		return Ref{}, fmt.Errorf("cannot resolve %q against %q: not an absolute directory", r.URL, dir)
	}
	target, query := r.URL, ""
	if i := strings.IndexByte(target, '?'); i >= 0 {
		target, query = target[:i], target[i:]
	}
	scheme := schemePattern.FindString(target)
	var err error
	switch {
	case scheme == "path:" || strings.HasSuffix(scheme, "+file:"):
		target, err = resolveFileURL(scheme, strings.TrimPrefix(target, scheme), dir)
	case scheme != "" || query == "" && indirectPattern.MatchString(target):
		return r, nil
	default:
		target, err = resolvePath(target, dir)
	}
	if err != nil {
		return Ref{}, &RefError{Input: r.URL, Reason: err.Error()}
	}
	r.URL = target + query
	return r, nil
}

func resolvePath(path, dir string) (string, error) {
	path = absolute(path, dir)
	if strings.ContainsAny(path, "?#") {
		return "", fmt.Errorf(`resolves to %q, and a bare path with "?" or "#" cannot be written; use "path:" or "git+file:"`, path)
	}
	if reason := badText(path); reason != "" {
		return "", fmt.Errorf("resolves to %q: %s", path, reason)
	}
	return path, nil
}

func resolveFileURL(scheme, rest, dir string) (string, error) {
	if strings.HasPrefix(rest, "/") {
		return scheme + rest, nil
	}
	path, err := percentDecode(rest)
	if err != nil {
		return "", err
	}
	if scheme != "path:" {
		scheme += "//"
	}
	return scheme + percentEncode(absolute(path, dir), pathSafe), nil
}

func absolute(path, dir string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
