package qmp

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// Registers as QEMU 7.2 prints them, shortened.
const (
	amd64Registers = "\r\nCPU#0\r\nRAX=0000000004f59588 RBX=0000000004f59560\r\nR8 =0000000011400000\r\n" +
		"RIP=0000000004f3a577 RFL=00000012 [----A--] CPL=0 II=0 A20=1 SMM=0 HLT=0\r\nEFER=0000000000000500\r\n" +
		"\r\nCPU#1\r\nEAX=00000000 EBX=00000000\r\nEIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0\r\n" +
		"\r\nCPU#2\r\nRIP=ffffffff90f1fc66 RFL=00000246\r\n"
	arm64Registers = "\r\nCPU#0\r\n PC=ffff800008010000 X00=0000000040000000 X01=0000000000000000\r\n" +
		"X30=ffff800008010000  SP=ffff800009db3e90\r\nPSTATE=600000c5 -ZC- EL1h    FPU disabled\r\n" +
		"\r\nCPU#1\r\n PC=0000000040200000 X00=0000000000000000\r\nFPCR=00000000 FPSR=00000000\r\n"
)

func TestParseProgramCounters(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []uint64
	}{
		"x86_64":    {amd64Registers, []uint64{0x4f3a577, 0xfff0, 0xffffffff90f1fc66}},
		"aarch64":   {arm64Registers, []uint64{0xffff800008010000, 0x40200000}},
		"empty":     {"", nil},
		"riscv":     {" pc       0000000080000000\r\n", nil},
		"not hex":   {"RIP=zz RIP= RIP", nil},
		"too large": {"RIP=10000000000000000", nil},
	} {
		if got := parseProgramCounters(test.text); !slices.Equal(got, test.want) {
			t.Errorf("%s: %x, want %x", name, got, test.want)
		}
	}
}

func FuzzParseProgramCounters(f *testing.F) {
	f.Add(amd64Registers)
	f.Add(arm64Registers)
	f.Fuzz(func(t *testing.T, text string) {
		if got, most := len(parseProgramCounters(text)), strings.Count(text, "="); got > most {
			t.Errorf("%d program counters of %d words", got, most)
		}
	})
}

// TestHelpers checks what each helper sends and what it makes of the reply.
func TestHelpers(t *testing.T) {
	key := func(down, code string) string {
		return `{"type":"key","data":{"down":` + down + `,"key":{"type":"qcode","data":"` + code + `"}}}`
	}
	for _, test := range []struct {
		call      func(*Conn, context.Context) (any, error)
		execute   string
		arguments string
		reply     string
		want      any
	}{
		{plain((*Conn).Powerdown), "system_powerdown", "", "{}", nil},
		{plain((*Conn).Stop), "stop", "", "{}", nil},
		{plain((*Conn).Cont), "cont", "", "{}", nil},
		{plain((*Conn).Quit), "quit", "", "{}", nil},
		{plain((*Conn).CtrlAltDel), "input-send-event", `{"events":[` + strings.Join([]string{
			key("true", "ctrl"), key("true", "alt"), key("true", "delete"),
			key("false", "delete"), key("false", "alt"), key("false", "ctrl")}, ",") + `]}`, "{}", nil},
		{func(c *Conn, ctx context.Context) (any, error) { return nil, c.Balloon(ctx, 1<<32) },
			"balloon", `{"value":4294967296}`, "{}", nil},
		{func(c *Conn, ctx context.Context) (any, error) { return c.QueryBalloon(ctx) },
			"query-balloon", "", `{"actual": 4294967296}`, int64(1 << 32)},
		{func(c *Conn, ctx context.Context) (any, error) { return c.Status(ctx) },
			"query-status", "", `{"status": "paused", "running": false}`, "paused"},
	} {
		c := connected(t, func(p *peer) {
			r := p.next()
			if r.Execute != test.execute || string(r.Arguments) != test.arguments {
				t.Errorf("sent %s %s, want %s %s", r.Execute, r.Arguments, test.execute, test.arguments)
			}
			p.send(`{"return": %s, "id": %d}`, test.reply, r.ID)
		})
		if got, err := test.call(c, soon(t)); err != nil || got != test.want {
			t.Errorf("%s = %v, %v; want %v", test.execute, got, err, test.want)
		}
	}
}

func plain(call func(*Conn, context.Context) error) func(*Conn, context.Context) (any, error) {
	return func(c *Conn, ctx context.Context) (any, error) { return nil, call(c, ctx) }
}

func TestRepliesOfTheWrongType(t *testing.T) {
	c := connected(t, func(p *peer) {
		for range 3 {
			p.send(`{"return": [1], "id": %d}`, p.next().ID)
		}
		p.send(`{"return": "no registers", "id": %d}`, p.next().ID)
	})
	_, status := c.Status(soon(t))
	_, balloon := c.QueryBalloon(soon(t))
	_, list := c.ProgramCounters(soon(t))
	_, text := c.ProgramCounters(soon(t))
	for i, err := range []error{status, balloon, list, text} {
		if err == nil {
			t.Errorf("call %d: no error", i)
		}
	}
}

func TestQuitWithoutReply(t *testing.T) {
	c := connected(t, func(p *peer) { p.next() })
	if err := c.Quit(soon(t)); err != nil {
		t.Errorf("Quit = %v, want success when the peer is gone", err)
	}
}
