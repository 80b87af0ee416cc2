package console

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	defaultLines = 20
	maxLineBytes = 512
)

// Tail remembers the last lines written to it, to be quoted when the writer has died. Blank lines are not kept and
// of a long line only the first 512 bytes are. The zero value keeps 20 lines; all methods may be called at once.
type Tail struct {
	Limit int // lines to keep, 0 for 20; set before the first Write

	mu      sync.Mutex
	lines   []string
	current []byte
	cut     bool
}

// Write takes the next piece of output, which may end anywhere in a line, and never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		t.extend(line)
		if ended {
			t.commit()
		}
		rest = after
	}
	return len(p), nil
}

// Lines returns what was kept, oldest first, an unfinished last line included. The text is safe to print on a terminal
// whoever wrote it: escape sequences are taken out and other control characters replaced.
func (t *Tail) Lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	raw := t.lines
	if len(t.current) > 0 {
		raw = append(raw[:len(raw):len(raw)], t.text())
	}
	clean := make([]string, 0, len(raw))
	for _, line := range raw {
		if line = harmless(line); line != "" {
			clean = append(clean, line)
		}
	}
	return clean[max(0, len(clean)-t.limit()):]
}

func (t *Tail) limit() int {
	if t.Limit <= 0 {
		return defaultLines
	}
	return t.Limit
}

func (t *Tail) extend(p []byte) {
	room := maxLineBytes - len(t.current)
	t.cut = t.cut || len(bytes.TrimRight(p, "\r")) > room
	t.current = append(t.current, p[:min(room, len(p))]...)
}

func (t *Tail) commit() {
	if len(bytes.TrimSpace(t.current)) > 0 {
		t.lines = append(t.lines, t.text())
		t.lines = t.lines[max(0, len(t.lines)-t.limit()):]
	}
	t.current, t.cut = t.current[:0], false
}

func (t *Tail) text() string {
	if !t.cut {
		return string(t.current)
	}
	end := len(t.current)
	for i := 1; i < utf8.UTFMax && i < end; i++ {
		if utf8.RuneStart(t.current[end-i]) {
			if !utf8.FullRune(t.current[end-i:]) {
				end -= i
			}
			break
		}
	}
	return string(t.current[:end]) + "…"
}

// ECMA-48: CSI; OSC and the other strings with their terminator; any other escape of two or more characters.
var sequences = regexp.MustCompile("\x1b(?:" +
	"\\[[0-?]*[ -/]*[@-~]" +
	"|[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)" +
	"|[ -/]*[0-~])")

func harmless(line string) string {
	line = sequences.ReplaceAllString(strings.ToValidUTF8(line, "\uFFFD"), "")
	line = strings.TrimSpace(line)
	// A carriage return alone starts the line over, as progress bars do.
	line = line[strings.LastIndexByte(line, '\r')+1:]
	return strings.Map(func(r rune) rune {
		if r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029') {
			return unicode.ReplacementChar
		}
		return r
	}, line)
}
