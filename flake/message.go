package flake

import (
	"regexp"
	"strings"
	"unicode"
)

const (
	maxMessageLines = 60
	maxPosition     = 300
)

var (
	positionPattern = regexp.MustCompile(`^(at .+:\d+:\d+):?$`)
	// sourcePattern is a line of the excerpt that Nix shows around a position.
	sourcePattern = regexp.MustCompile(`^(\d+)?\|`)
	// collateralPattern is an error that only reports another one.
	collateralPattern = regexp.MustCompile(`(?s)^\d+ dependenc(y|ies) of derivation |^build of .* failed$|^Cannot build.*\nReason: \d+ dependenc|^Build failed due to failed dependency`)
)

// lastError finds the message to show in Nix's stderr: every `error:` in the first column opens a block, the last block that
// is no collateral counts, and in it the innermost `error:`. Nix prints traces before that since 2.19 and after it till then.
func lastError(stderr string) string {
	message := ""
	for _, block := range errorBlocks(stderr) {
		m := innermost(block)
		if message == "" || m != "" && !collateralPattern.MatchString(m) {
			message = m
		}
	}
	return message
}

// errorBlocks gives the lines of each error, as a terminal would show them.
func errorBlocks(stderr string) [][]string {
	var blocks [][]string
	open := false
	for line := range strings.Lines(stripANSI(stderr)) {
		line = visible(line)
		switch {
		case strings.HasPrefix(line, errorPrefix):
			blocks = append(blocks, nil)
			open = true
		case line != "" && !unicode.IsSpace(rune(line[0])):
			open = false
		}
		if open {
			last := len(blocks) - 1
			blocks[last] = append(blocks[last], line)
		}
	}
	return blocks
}

// visible is a line as it stays on a terminal: what follows the last carriage return, without control characters.
func visible(line string) string {
	line = strings.TrimRight(line, "\r\n")
	line = line[strings.LastIndexByte(line, '\r')+1:]
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return -1
		}
		return r
	}, line)
}

// innermost is the last message in a block, up to the trace that follows it, with its position in parentheses.
func innermost(block []string) string {
	for i := len(block) - 1; i > 0; i-- {
		if strings.HasPrefix(strings.TrimSpace(block[i]), errorPrefix) {
			block = block[i:]
			break
		}
	}
	var lines []string
	position, excerpt := "", false
	add := func(line string) {
		if line != "" && len(lines) < maxMessageLines {
			lines = append(lines, line)
		}
	}
	add(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(block[0]), errorPrefix)))
	for _, line := range block[1:] {
		line = strings.TrimSpace(line)
		switch at := positionPattern.FindStringSubmatch(line); {
		case strings.HasPrefix(line, "…"):
			return compose(lines, position)
		case at != nil && position == "":
			position, excerpt = at[1], true
		case at != nil || excerpt && sourcePattern.MatchString(line):
		default:
			add(line)
		}
	}
	return compose(lines, position)
}

func compose(lines []string, position string) string {
	if position != "" && len(position) <= maxPosition && len(lines) > 0 {
		lines[0] += " (" + position + ")"
	}
	return strings.Join(lines, "\n")
}
