package qmp

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Sizes in bytes of what a peer may make us hold. The largest honest message
// is a register dump of many CPUs.
const (
	maxGreeting = 64 << 10
	maxMessage  = 16 << 20
	maxEvent    = 64 << 10
)

// message is anything QEMU sends after its greeting.
type message struct {
	Return    json.RawMessage `json:"return"`
	Error     *CommandError   `json:"error"`
	ID        *uint64         `json:"id"`
	Event     string          `json:"event"`
	Data      json.RawMessage `json:"data"`
	Timestamp *timestamp      `json:"timestamp"`
}

type timestamp struct {
	Seconds      int64 `json:"seconds"`
	Microseconds int64 `json:"microseconds"`
}

func (m message) result() (json.RawMessage, error) {
	if m.Error != nil {
		return nil, m.Error
	}
	return m.Return, nil
}

func (m message) event() Event {
	e := Event{Name: m.Event, Data: m.Data}
	if t := m.Timestamp; t != nil && t.Seconds >= 0 {
		e.Time = time.Unix(t.Seconds, t.Microseconds*1000)
	}
	return e
}

// read is the connection's one reader; it ends with the connection.
func (c *Conn) read(greeted chan<- struct{}) {
	defer close(c.events)
	r := bufio.NewReader(c.conn)
	err := readGreeting(r)
	if err == nil {
		close(greeted)
	}
	for err == nil {
		var m message
		if m, err = readMessage(r); err == nil {
			err = c.deliver(m)
		}
	}
	c.fail(peerError(err))
}

func (c *Conn) deliver(m message) error {
	if m.Event != "" {
		c.publish(m.event())
		return nil
	}
	if m.ID == nil {
		if m.Error != nil {
			return fmt.Errorf("QMP request refused: %w", m.Error)
		}
		return errors.New("QMP reply without the id of its command")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if *m.ID == 0 || *m.ID > c.lastID {
		return fmt.Errorf("QMP reply to command %d, which was never sent", *m.ID)
	}
	// Without a waiter it is the late reply to a command whose context ended.
	if answer, ok := c.waiting[*m.ID]; ok {
		delete(c.waiting, *m.ID)
		answer <- m
	}
	return nil
}

// publish never blocks: the reader is the only sender, so there is room as soon
// as the oldest event is gone.
func (c *Conn) publish(e Event) {
	for {
		select {
		case c.events <- e:
			return
		default:
		}
		select {
		case <-c.events:
		default:
		}
	}
}

func readGreeting(r *bufio.Reader) error {
	line, err := readLine(r, maxGreeting)
	if err != nil {
		return err
	}
	var greeting struct {
		QMP *struct{} `json:"QMP"`
	}
	if json.Unmarshal(line, &greeting) != nil || greeting.QMP == nil {
		return fmt.Errorf("not a QMP greeting: %.80q", line)
	}
	return nil
}

func readMessage(r *bufio.Reader) (message, error) {
	line, err := readLine(r, maxMessage)
	if err != nil {
		return message{}, err
	}
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		return message{}, fmt.Errorf("not a QMP message: %.80q: %w", line, err)
	}
	switch {
	case m.Event != "" && len(line) > maxEvent:
		return message{}, fmt.Errorf("QMP event %.80q of %d bytes, over %d", m.Event, len(line), maxEvent)
	case m.Event == "" && m.Return == nil && m.Error == nil:
		return message{}, fmt.Errorf("neither a QMP reply nor an event: %.80q", line)
	}
	return m, nil
}

// readLine grows with what arrives, never with what is promised.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > limit {
			return nil, fmt.Errorf("QMP message longer than %d bytes", limit)
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, fmt.Errorf("QMP message cut short: %.80q: %w", line, io.ErrUnexpectedEOF)
		default:
			return line, err
		}
	}
}
