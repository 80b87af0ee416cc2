package flake

import (
	"bytes"
	"io"
	"regexp"
	"strings"
)

// progressFilter passes on what nix writes to stderr, except its error messages with the indented lines that follow
// them. The start of a line decides, so that a progress bar, which ends no lines, is not held up.
type progressFilter struct {
	w       io.Writer
	verdict verdict
	start   []byte // the current line, while it is undecided
	inError bool   // whether the last line was part of an error message
}

type verdict int

const (
	undecided verdict = iota
	pass
	hold
)

const (
	errorPrefix = "error:"
	eraseLine   = "\x1b[K"
)

func (f *progressFilter) Write(p []byte) (int, error) {
	var out []byte
	for _, c := range p {
		out = f.next(out, c)
	}
	if len(out) > 0 {
		if _, err := f.w.Write(out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// next takes one byte and appends to out what is to be passed on.
func (f *progressFilter) next(out []byte, c byte) []byte {
	end := c == '\n' || c == '\r'
	switch f.verdict {
	case pass:
		out = append(out, c)
	case undecided:
		f.start = append(f.start, c)
		f.verdict = f.judge(end)
		switch f.verdict {
		case pass:
			out = append(out, f.start...)
			f.inError = false
		case hold:
			f.inError = true
			if bytes.HasPrefix(f.start, []byte(eraseLine)) {
				// This wipes the progress bar, over which whoever shows the error would otherwise write.
				out = append(out, eraseLine...)
			}
		}
	}
	if end {
		f.verdict, f.start = undecided, f.start[:0]
	}
	return out
}

func (f *progressFilter) judge(end bool) verdict {
	text := strings.TrimRight(stripANSI(string(f.start)), "\r\n")
	switch {
	case strings.HasPrefix(text, errorPrefix):
		return hold
	case !end && (strings.HasPrefix(errorPrefix, text) || text[0] == '\x1b'):
		return undecided
	case f.inError && (text == "" || strings.ContainsRune(" \t(", rune(text[0]))):
		return hold
	}
	return pass
}

var ansiPattern = regexp.MustCompile(`\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[ -/]+[0-~]|[@-Z\\^_])`)

// stripANSI removes complete terminal escape sequences: colours, cursor movements, titles and links.
func stripANSI(s string) string { return ansiPattern.ReplaceAllString(s, "") }
