package runner

import "strings"

// ShellQuote quotes one word for a POSIX shell.
func ShellQuote(word string) string {
	if word != "" && strings.Trim(word, shellSafe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_"

// qemuOpts is a value of QEMU's option syntax: a leading word, then key=value
// pairs, with commas as separators. A comma inside a value is written twice.
type qemuOpts struct{ b strings.Builder }

func qemuOpt(first string) *qemuOpts {
	o := &qemuOpts{}
	o.b.WriteString(first)
	return o
}

// qemuKey begins with key=value instead of a word.
func qemuKey(key, value string) *qemuOpts {
	return qemuOpt(key + "=" + commaTwice(value))
}

func commaTwice(value string) string { return strings.ReplaceAll(value, ",", ",,") }

// with adds key=value.
func (o *qemuOpts) with(key, value string) *qemuOpts {
	o.b.WriteString("," + key + "=" + commaTwice(value))
	return o
}

// when adds key=value if the condition holds.
func (o *qemuOpts) when(cond bool, key, value string) *qemuOpts {
	if cond {
		o.with(key, value)
	}
	return o
}

// given adds key=value if the value is not nil.
func (o *qemuOpts) given(key string, value *string) *qemuOpts {
	if value != nil {
		o.with(key, *value)
	}
	return o
}

// raw adds options that the user wrote in QEMU's own syntax.
func (o *qemuOpts) raw(opts string) *qemuOpts {
	if opts != "" {
		o.b.WriteString("," + opts)
	}
	return o
}

func (o *qemuOpts) String() string { return o.b.String() }

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// commaEscaped is a value of libfuse's option syntax, where a backslash keeps
// a comma from separating options.
func commaEscaped(value string) string {
	return strings.NewReplacer(`\`, `\\`, ",", `\,`).Replace(value)
}
