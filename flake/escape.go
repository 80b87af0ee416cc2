package flake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	errNUL  = errors.New("a Nix string cannot hold a NUL byte")
	errUTF8 = errors.New("not valid UTF-8, which Nix could not print again")
)

var stringEscapes = strings.NewReplacer(
	`\`, `\\`, `"`, `\"`, `${`, `\${`, "\n", `\n`, "\r", `\r`, "\t", `\t`,
)

// String is s as a Nix string literal. It is the only way from a Go string into a Nix expression.
// NUL bytes and invalid UTF-8 are errors: Nix would cut off the one and cannot print the other.
func String(s string) (string, error) {
	switch {
	case strings.Contains(s, "\x00"):
		return "", fmt.Errorf("%q: %w", s, errNUL)
	case !utf8.ValidString(s):
		return "", fmt.Errorf("%q: %w", s, errUTF8)
	}
	return `"` + stringEscapes.Replace(s) + `"`, nil
}

var keywords = []string{"assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"}

// AttrName is name as it stands after the dot of a selection or before the `=` of a binding: bare or quoted. Errors are String's.
func AttrName(name string) (string, error) {
	if identifierPattern.MatchString(name) && !slices.Contains(keywords, name) {
		return name, nil
	}
	return String(name)
}

// JSON is a Nix expression, in parentheses, whose value is v as encoding/json writes it. It is how data gets into
// an expression. A string with a NUL byte anywhere in v is an error; invalid UTF-8 becomes U+FFFD, as encoding/json has it.
func JSON(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	if err := checkStrings(text); err != nil {
		return "", err
	}
	literal, err := String(string(text))
	if err != nil {
		return "", err
	}
	return "(builtins.fromJSON " + literal + ")", nil
}

// checkStrings looks at the decoded strings: in JSON's own text a NUL is written as an escape.
func checkStrings(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if s, ok := token.(string); ok && strings.Contains(s, "\x00") {
			return fmt.Errorf("%q: %w", s, errNUL)
		}
	}
}
