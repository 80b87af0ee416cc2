// Package cmdline reads a Linux kernel command line the way the kernel does.
package cmdline

import "strings"

// Param is one parameter. "quiet" has no value; "console=ttyS0" has one.
type Param struct {
	Key, Value string
	HasValue   bool
}

// Parse splits a command line, as found in /proc/cmdline, into its parameters
// in their order. Double quotes protect white space around a value or a whole
// parameter and are removed; there are no escapes. It is the syntax of the
// kernel's lib/cmdline.c, in which every string is valid.
func Parse(line string) []Param {
	var params []Param
	for _, word := range split(line) {
		params = append(params, parseWord(word))
	}
	return params
}

func split(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && strings.ContainsRune(" \t\n\v\f\r", r)
	})
}

func parseWord(word string) Param {
	word, whole := strings.CutPrefix(word, `"`)
	key, value, hasValue := strings.Cut(word, "=")
	value, quotedValue := strings.CutPrefix(value, `"`)
	switch {
	case !whole && !quotedValue:
	case hasValue:
		value = strings.TrimSuffix(value, `"`)
	default:
		key = strings.TrimSuffix(key, `"`)
	}
	return Param{Key: key, Value: value, HasValue: hasValue}
}
