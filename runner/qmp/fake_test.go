package qmp

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const greeting = `{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}}, "capabilities": ["oob"]}}` + "\r\n"

// socketDir is short, unlike t.TempDir, because of sun_path.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "qmp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// peer is the test's side of a connection.
type peer struct {
	net.Conn
	in *json.Decoder
}

func (p *peer) send(format string, args ...any) { fmt.Fprintf(p, format+"\r\n", args...) }

// next is the next command; a zero one when the client is gone.
func (p *peer) next() (r struct {
	Execute   string
	Arguments json.RawMessage
	ID        uint64
}) {
	_ = p.in.Decode(&r)
	return r
}

// gone returns when the client has closed the connection.
func (p *peer) gone() { _, _ = io.Copy(io.Discard, p) }

// handshake is the server's half of it.
func (p *peer) handshake() {
	io.WriteString(p, greeting)
	p.send(`{"return": {}, "id": %d}`, p.next().ID)
}

// serve runs script for one client. The test ends only after the script has.
func serve(t *testing.T, script func(*peer)) string {
	t.Helper()
	path := filepath.Join(socketDir(t), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		script(&peer{conn, json.NewDecoder(bufio.NewReader(conn))})
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return path
}

// connected dials a server that runs script after the handshake.
func connected(t *testing.T, script func(*peer)) *Conn {
	t.Helper()
	path := serve(t, func(p *peer) { p.handshake(); script(p) })
	c, err := Dial(soon(t), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// soon ends a test that would hang.
func soon(t *testing.T) context.Context { return within(t, 20*time.Second) }
