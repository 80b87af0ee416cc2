package console

import (
	"context"
	"errors"
	"io"
)

// Key is a command typed at the console after the prefix Ctrl-a.
type Key int

// The commands. Ctrl-a a (or Ctrl-a Ctrl-a) is none: it sends one Ctrl-a to the guest, as in QEMU.
const (
	KeyStop Key = iota + 1 // Ctrl-a x
	KeyHelp                // Ctrl-a h, Ctrl-a ?
)

// Help describes the keys, a line each, for a terminal in raw mode too.
const Help = "Ctrl-a x   shut the guest down\r\n" +
	"Ctrl-a a   send Ctrl-a to the guest\r\n" +
	"Ctrl-a h   this help\r\n"

const prefix = 0x01

// Escape copies what is typed to the guest and takes out the commands.
type Escape struct {
	in      io.Reader
	out     io.Writer
	onKey   func(Key)
	pending bool // the prefix was read and not what follows it
}

// NewEscape makes an Escape between the keyboard in and the guest out. onKey is called from Run, after all that was
// typed before the command is written to out.
func NewEscape(in io.Reader, out io.Writer, onKey func(Key)) *Escape {
	return &Escape{in: in, out: out, onKey: onKey}
}

// Run copies until in ends (nil), one side fails, or ctx is done (its cause). It may be called once. A Read of in that
// is under way when ctx ends cannot be taken back: what it reads is lost.
func (e *Escape) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	chunks, failed := make(chan []byte), make(chan error, 1)
	go read(ctx, e.in, chunks, failed)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case p := <-chunks:
			if err := e.feed(p); err != nil {
				return err
			}
		case err := <-failed:
			return errors.Join(e.flush(), err)
		}
	}
}

// read sends pieces until it fails; the end of input is the error nil.
func read(ctx context.Context, in io.Reader, chunks chan<- []byte, failed chan<- error) {
	for {
		p := make([]byte, 4096)
		n, err := in.Read(p)
		if n > 0 {
			select {
			case chunks <- p[:n]:
			case <-ctx.Done():
				return
			}
		}
		if errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			continue
		}
		failed <- err
		return
	}
}

func (e *Escape) feed(p []byte) error {
	out := make([]byte, 0, len(p)+1)
	for _, b := range p {
		if !e.pending {
			if e.pending = b == prefix; !e.pending {
				out = append(out, b)
			}
			continue
		}
		e.pending = false
		key, text := command(b)
		if out = append(out, text...); key == 0 {
			continue
		}
		if err := e.write(out); err != nil {
			return err
		}
		out = out[:0]
		e.onKey(key)
	}
	return e.write(out)
}

// command is what the prefix and b mean: a key, or text for the guest.
func command(b byte) (Key, []byte) {
	switch b {
	case 'x':
		return KeyStop, nil
	case 'h', '?':
		return KeyHelp, nil
	case 'a', prefix:
		return 0, []byte{prefix}
	}
	return 0, []byte{prefix, b}
}

func (e *Escape) flush() error {
	if !e.pending {
		return nil
	}
	e.pending = false
	return e.write([]byte{prefix})
}

func (e *Escape) write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	_, err := e.out.Write(p)
	return err
}
