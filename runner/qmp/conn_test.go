package qmp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestDialWithoutPeer(t *testing.T) {
	dir := socketDir(t)
	stale := filepath.Join(dir, "stale")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path, hint string
		want       error
	}{
		{filepath.Join(dir, "absent"), "running", fs.ErrNotExist},
		{stale, "left over", syscall.ECONNREFUSED},
		{file, "left over", syscall.ECONNREFUSED},
		{filepath.Join(dir, strings.Repeat("x", 120)), "107 bytes", syscall.EINVAL},
	} {
		_, err := Dial(soon(t), test.path)
		if !errors.Is(err, test.want) {
			t.Errorf("Dial(%q) = %v, want %v", test.path, err, test.want)
		}
		if !strings.Contains(hintOf(err), test.hint) {
			t.Errorf("hint for %v: %q, want %q", err, hintOf(err), test.hint)
		}
	}
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

func TestHandshakeFails(t *testing.T) {
	for name, test := range map[string]struct {
		script func(*peer)
		want   string
		is     error
	}{
		"closes at once": {func(*peer) {}, "closed", io.EOF},
		"half a greeting": {func(p *peer) { io.WriteString(p, greeting[:30]) },
			"cut short", io.ErrUnexpectedEOF},
		"garbage":        {func(p *peer) { p.send("SSH-2.0-OpenSSH_9.2"); p.gone() }, "not a QMP greeting", nil},
		"other JSON":     {func(p *peer) { p.send(`{"return": {}}`); p.gone() }, "not a QMP greeting", nil},
		"endless line":   {flood, "longer than 65536 bytes", nil},
		"closes after":   {func(p *peer) { io.WriteString(p, greeting); p.next() }, "closed", io.EOF},
		"refuses":        {refuse, "CommandNotFound", nil},
		"garbage after":  {func(p *peer) { io.WriteString(p, greeting); p.next(); p.send("}"); p.gone() }, "not a QMP message", nil},
		"greets forever": {func(p *peer) { io.WriteString(p, greeting+greeting); p.gone() }, "neither", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Dial(soon(t), serve(t, test.script))
			if err == nil {
				c.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %q, want %q and %v", err, test.want, test.is)
			}
		})
	}
}

func flood(p *peer) {
	block := []byte(strings.Repeat("x", 4096))
	for {
		if _, err := p.Write(block); err != nil {
			return
		}
	}
}

func refuse(p *peer) {
	io.WriteString(p, greeting)
	p.send(`{"id": %d, "error": {"class": "CommandNotFound", "desc": "no"}}`, p.next().ID)
	p.gone()
}

func TestPeerThatNeverSpeaks(t *testing.T) {
	_, err := Dial(within(t, 50*time.Millisecond), serve(t, (*peer).gone))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline", err)
	}
	if !strings.Contains(hintOf(err), "one client") {
		t.Errorf("hint %q", hintOf(err))
	}
}

func TestExecute(t *testing.T) {
	c := connected(t, func(p *peer) {
		r := p.next()
		p.send(`{"timestamp": {"seconds": 12, "microseconds": 5}, "event": "STOP"}`)
		p.send(`{"id": %d, "return": {"name": %q, "args": %s}}`, r.ID, r.Execute, r.Arguments)
		p.send(`{"timestamp": {"seconds": -1, "microseconds": -1}, "event": "SHUTDOWN", "data": {"guest": true}}`)
		p.send(`{"id": %d, "error": {"class": "GenericError", "desc": "a\u001b[2Jb"}}`, p.next().ID)
	})
	got, err := c.Execute(soon(t), "echo", map[string]int{"x": 1})
	if want := `{"name": "echo", "args": {"x":1}}`; err != nil || string(got) != want {
		t.Errorf("Execute = %s, %v; want %s", got, err, want)
	}
	_, err = c.Execute(soon(t), "fail", nil)
	var refused *CommandError
	if !errors.As(err, &refused) || refused.Class != "GenericError" {
		t.Errorf("error %v, want a CommandError", err)
	}
	if strings.ContainsRune(err.Error(), '\x1b') {
		t.Errorf("error %q carries an escape sequence", err)
	}
	var events []Event
	for e := range c.Events() { // closed, because the peer is
		events = append(events, e)
	}
	if len(events) != 2 || events[0].Name != "STOP" || !events[0].Time.Equal(time.Unix(12, 5000)) ||
		events[1].Name != "SHUTDOWN" || string(events[1].Data) != `{"guest": true}` || !events[1].Time.IsZero() {
		t.Errorf("events %+v", events)
	}
}

func TestRepliesFindTheirCommand(t *testing.T) {
	const n = 20
	c := connected(t, func(p *peer) {
		var ids [n]uint64
		for i := range ids {
			ids[i] = p.next().ID
		}
		for i := range ids {
			p.send(`{"return": %d, "id": %d}`, ids[n-1-i], ids[n-1-i])
		}
		p.gone()
	})
	var wg sync.WaitGroup
	seen := make(chan string, n)
	for range n {
		wg.Go(func() {
			raw, err := c.Execute(soon(t), "x", nil)
			if err != nil {
				t.Error(err)
			}
			seen <- string(raw)
		})
	}
	wg.Wait()
	close(seen)
	distinct := map[string]bool{}
	for s := range seen {
		distinct[s] = true
	}
	if len(distinct) != n {
		t.Errorf("%d distinct replies, want %d", len(distinct), n)
	}
}

func TestLateReplyIsDropped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := connected(t, func(p *peer) {
		late := p.next().ID
		cancel()
		right := p.next().ID
		p.send(`{"return": "late", "id": %d}`, late)
		p.send(`{"return": "right", "id": %d}`, right)
	})
	if _, err := c.Execute(ctx, "slow", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want cancelled", err)
	}
	if got, err := c.Execute(soon(t), "quick", nil); err != nil || string(got) != `"right"` {
		t.Errorf("Execute after a cancelled one = %s, %v", got, err)
	}
}

func TestConnectionFails(t *testing.T) {
	for name, test := range map[string]struct {
		script func(*peer)
		want   string
	}{
		"closed":       {func(p *peer) { p.next() }, "the peer closed"},
		"half a reply": {func(p *peer) { p.next(); io.WriteString(p, `{"return": {`) }, "cut short"},
		"foreign id":   {func(p *peer) { p.next(); p.send(`{"return": {}, "id": 99}`); p.gone() }, "never sent"},
		"zero id":      {func(p *peer) { p.next(); p.send(`{"return": {}, "id": 0}`); p.gone() }, "never sent"},
		"text id":      {func(p *peer) { p.next(); p.send(`{"return": {}, "id": "1"}`); p.gone() }, "not a QMP message"},
		"no id":        {func(p *peer) { p.next(); p.send(`{"return": {}}`); p.gone() }, "without the id"},
		"refused":      {func(p *peer) { p.next(); p.send(`{"error": {"class": "C", "desc": "D"}}`); p.gone() }, `"D" ("C")`},
		"nothing":      {func(p *peer) { p.next(); p.send(`{}`); p.gone() }, "neither"},
		"huge event": {func(p *peer) {
			p.send(`{"event": "E", "data": %q}`, strings.Repeat("x", maxEvent))
			p.gone()
		}, "over 65536"},
	} {
		t.Run(name, func(t *testing.T) {
			c := connected(t, test.script)
			for range 2 { // the connection stays failed, for the same reason
				if _, err := c.Execute(soon(t), "x", nil); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
			}
			for e := range c.Events() {
				t.Errorf("event %+v", e)
			}
		})
	}
}

func TestCloseReleasesEveryWaiter(t *testing.T) {
	received := make(chan struct{})
	c := connected(t, func(p *peer) {
		p.next()
		p.next()
		close(received)
		p.gone()
	})
	failed := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := c.Execute(soon(t), "x", nil)
			failed <- err
		}()
	}
	<-received
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if err := <-failed; !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v, want net.ErrClosed", err)
		}
	}
	for range c.Events() {
		t.Error("an event after Close")
	}
}

func TestPeerThatStopsReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	c := connected(t, func(p *peer) {
		p.Read(make([]byte, 1))
		cancel()
		<-release
	})
	defer close(release)
	large := strings.Repeat("x", 4<<20) // more than any socket's buffer
	for _, ctx := range []context.Context{ctx, soon(t)} {
		if _, err := c.Execute(ctx, "x", large); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "cut short") {
			t.Errorf("error %v, want a connection that failed for good", err)
		}
	}
}

func TestEventsKeepTheLatest(t *testing.T) {
	const sent = 3 * eventBuffer
	c := connected(t, func(p *peer) {
		for i := range sent {
			p.send(`{"event": "E%d"}`, i)
		}
		p.send(`{"return": {}, "id": %d}`, p.next().ID)
	})
	if _, err := c.Execute(soon(t), "x", nil); err != nil {
		t.Fatal(err)
	}
	next := sent - eventBuffer
	for e := range c.Events() {
		if want := fmt.Sprintf("E%d", next); e.Name != want {
			t.Errorf("event %s, want %s", e.Name, want)
		}
		next++
	}
	if next != sent {
		t.Errorf("events end at %d, want %d", next, sent)
	}
}

func TestArgumentsThatAreNoJSON(t *testing.T) {
	c := connected(t, (*peer).gone)
	_, err := c.Execute(soon(t), "x", func() {})
	var unsupported *json.UnsupportedTypeError
	if !errors.As(err, &unsupported) {
		t.Errorf("error %v", err)
	}
}
