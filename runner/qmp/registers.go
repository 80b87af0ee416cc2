package qmp

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// ProgramCounters is where each virtual CPU is, in the order of their numbers.
// QMP has no command for it, so it is read from the monitor's "info registers",
// as QEMU prints them for x86_64 and aarch64 guests. In the 16 and 32 bit modes
// of x86 it is the offset in the code segment. Other guests are an error.
func (c *Conn) ProgramCounters(ctx context.Context) ([]uint64, error) {
	const command = "human-monitor-command"
	var text string
	args := map[string]string{"command-line": "info registers -a"}
	if err := c.query(ctx, command, args, &text); err != nil {
		return nil, err
	}
	pcs := parseProgramCounters(text)
	if len(pcs) == 0 {
		return nil, fmt.Errorf("no program counter in QEMU's registers: %.80q", text)
	}
	return pcs, nil
}

// parseProgramCounters looks for whole words, because EFER=, RFL= and the rest
// are words of the same form.
func parseProgramCounters(text string) []uint64 {
	var pcs []uint64
	for word := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "RIP", "EIP", "PC":
			if pc, err := strconv.ParseUint(value, 16, 64); err == nil {
				pcs = append(pcs, pc)
			}
		}
	}
	return pcs
}
