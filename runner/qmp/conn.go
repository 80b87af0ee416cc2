// Package qmp is a client of the QEMU Machine Protocol: JSON messages, one a
// line, over a stream socket. QEMU greets, the client sends
// qmp_capabilities, and from then on replies to commands, which carry the id of
// their command, and events arrive in any order. The format is the one of
// docs/interop/qmp-spec in QEMU's sources.
//
// The peer is not trusted: every message and every wait is bounded.
package qmp

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// handshakeTimeout bounds the greeting, which QEMU sends at once to its one
	// client and never to a second one.
	handshakeTimeout = 10 * time.Second
	eventBuffer      = 64
)

// Event is what QEMU tells without being asked.
type Event struct {
	// Name is in capitals, such as SHUTDOWN.
	Name string
	// Data depends on the name; nil if there is none.
	Data json.RawMessage
	// Time is the host's clock when it happened; zero if QEMU did not know.
	Time time.Time
}

// Conn is a QMP connection that has completed its handshake. Its methods may
// be called from several goroutines.
type Conn struct {
	conn    net.Conn
	events  chan Event
	writing chan struct{} // holds one token while somebody writes
	done    chan struct{} // closed once err is set

	mu      sync.Mutex // guards the fields below
	waiting map[uint64]chan message
	lastID  uint64
	err     error
}

// Dial connects to the socket that QEMU listens on (-qmp unix:PATH,server=on).
// An absent socket is fs.ErrNotExist, one that nobody listens on any more is
// syscall.ECONNREFUSED.
func Dial(ctx context.Context, socketPath string) (*Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socketPath)
	if err != nil {
		return nil, dialError(socketPath, err)
	}
	c, err := NewConn(ctx, conn)
	if err != nil {
		return nil, withMessage(fmt.Sprintf("QMP socket %q", socketPath), err)
	}
	return c, nil
}

// NewConn completes the handshake on a stream that QEMU serves QMP on. It owns
// conn from then on and closes it if it fails.
func NewConn(ctx context.Context, conn net.Conn) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	c := &Conn{
		conn:    conn,
		events:  make(chan Event, eventBuffer),
		writing: make(chan struct{}, 1),
		done:    make(chan struct{}),
		waiting: map[uint64]chan message{},
	}
	greeted := make(chan struct{})
	go c.read(greeted)
	select {
	case <-greeted:
	case <-c.done:
		return nil, c.failure()
	case <-ctx.Done():
		err := silent(ctx.Err())
		c.fail(err)
		return nil, err
	}
	if _, err := c.Execute(ctx, "qmp_capabilities", nil); err != nil {
		c.fail(err)
		return nil, err
	}
	return c, nil
}

// Events carries what happens. It holds the latest 64: when nobody reads, the
// oldest are dropped, because the ones that matter, such as SHUTDOWN, come last.
// It is closed when the connection ends, after the events before that.
func (c *Conn) Events() <-chan Event { return c.events }

// Close ends the connection and every Execute under way. It may be called
// again, and always returns nil.
func (c *Conn) Close() error {
	c.fail(fmt.Errorf("QMP connection: %w", net.ErrClosed))
	return nil
}

type request struct {
	Execute   string `json:"execute"`
	Arguments any    `json:"arguments,omitempty"`
	ID        uint64 `json:"id"`
}

// Execute sends a command and returns what QEMU returns. Args becomes its
// JSON object of arguments; nil means none. The error is a *CommandError when
// QEMU refuses, the context's when that ends first, io.EOF when the peer closed
// the connection, and net.ErrClosed after Close.
func (c *Conn) Execute(ctx context.Context, command string, args any) (json.RawMessage, error) {
	reply, err := c.execute(ctx, request{Execute: command, Arguments: args})
	if err != nil {
		return nil, withMessage(fmt.Sprintf("QMP command %q", command), err)
	}
	return reply, nil
}

func (c *Conn) execute(ctx context.Context, req request) (json.RawMessage, error) {
	answer, id := c.expect()
	defer c.forget(id)
	req.ID = id
	line, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	if err := c.write(ctx, append(line, '\n')); err != nil {
		return nil, err
	}
	select {
	case m := <-answer:
		return m.result()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.done:
	}
	select {
	case m := <-answer: // it came just before the end
		return m.result()
	default:
		return nil, c.failure()
	}
}

func (c *Conn) expect() (<-chan message, uint64) {
	answer := make(chan message, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	c.waiting[c.lastID] = answer
	return answer, c.lastID
}

func (c *Conn) forget(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// write sends a whole line. Half a line would spoil every later command, so
// the connection fails when the context ends in the middle of one.
func (c *Conn) write(ctx context.Context, line []byte) error {
	select {
	case c.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return c.failure()
	}
	defer func() { <-c.writing }()
	if err := ctx.Err(); err != nil {
		return err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.conn.SetWriteDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	n, err := c.conn.Write(line)
	if !stop() {
		<-interrupted
		c.conn.SetWriteDeadline(time.Time{})
	}
	switch cause := ctx.Err(); {
	case err == nil:
		return nil
	case cause != nil && n == 0:
		return cause
	case cause != nil:
		c.fail(fmt.Errorf("QMP command cut short: %w", cause))
	default:
		c.fail(peerError(err))
	}
	return c.failure()
}

// fail ends the connection; the first reason stays.
func (c *Conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	close(c.done)
	c.conn.Close()
}

func (c *Conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
