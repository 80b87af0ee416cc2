package flake

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// AttrError says why an attribute name cannot be written on Nix's command line.
type AttrError struct {
	Name   string
	Reason string
}

func (e *AttrError) Error() string { return fmt.Sprintf("attribute name %q: %s", e.Name, e.Reason) }

// Hint says how to get around it.
func (e *AttrError) Hint() string {
	return "rename the attribute in the flake: nix itself cannot be given this name as an argument"
}

var identifierPattern = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_'-]*$`)

// Bytes besides letters and digits that are left as they are: what every URL grammar since Nix 2.8 takes unescaped.
const (
	pathSafe     = "-._~!$&'()*+,;=:@/"
	fragmentSafe = pathSafe + "?"
)

// parseFragment splits a fragment at its dots, except within double quotes, as Nix does after percent-decoding it.
// Quotes may stand anywhere in a name and know no escapes.
func parseFragment(fragment string) ([]string, error) {
	switch {
	case strings.Contains(fragment, "#"):
		return nil, errors.New(`has a second "#"; write it as %23`)
	case strings.Contains(fragment, "^"):
		return nil, errors.New(`"^" selects outputs, which cannot be done here; write it as %5E if it is part of a name`)
	}
	text, err := percentDecode(fragment)
	if err != nil {
		return nil, err
	}
	if reason := badText(text); reason != "" {
		return nil, errors.New("the attribute path " + reason)
	}
	if strings.Count(text, `"`)%2 != 0 {
		return nil, errors.New(`the attribute path misses a closing '"'`)
	}
	var attr []string
	var name strings.Builder
	quoted := false
	for _, c := range text + "." {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '.' && !quoted:
			if reason := badAttr(name.String()); reason != "" {
				return nil, fmt.Errorf("attribute name %q: %s", name.String(), reason)
			}
			attr = append(attr, name.String())
			name.Reset()
		default:
			name.WriteRune(c)
		}
	}
	return attr, nil
}

func quoteAttr(name string) string {
	if identifierPattern.MatchString(name) {
		return name
	}
	return `"` + percentEncode(name, fragmentSafe) + `"`
}

func quoteAttrs(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quoteAttr(name)
	}
	return quoted
}

func badAttr(name string) string {
	switch {
	case name == "":
		return "is empty"
	case strings.Contains(name, `"`):
		return "contains a double quote"
	}
	return badText(name)
}

// badText says what makes s unfit to be shown, logged and passed on as an argument, or returns "".
func badText(s string) string {
	if !utf8.ValidString(s) {
		return "is not valid UTF-8"
	}
	for _, c := range s {
		if unicode.IsControl(c) {
			return fmt.Sprintf("contains the control character %U", c)
		}
	}
	return ""
}

func percentEncode(s, safe string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; isAlphanumeric(c) || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// percentDecode differs from url.PathUnescape in nothing but its messages, which name the bad escape.
func percentDecode(s string) (string, error) {
	decoded, err := url.PathUnescape(s)
	if err != nil {
		var bad url.EscapeError
		errors.As(err, &bad)
		return "", fmt.Errorf("bad percent escape %q", string(bad))
	}
	return decoded, nil
}
