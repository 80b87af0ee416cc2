package flake

import (
	"bytes"
	"fmt"
	"sync"
)

// boundedBuffer keeps what is written to it and fails beyond its limit.
type boundedBuffer struct {
	bytes.Buffer
	limit int
	full  error // set by the write that would have gone beyond the limit
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		b.full = fmt.Errorf("nix printed more than %d bytes", b.limit)
		return 0, b.full
	}
	return b.Buffer.Write(p)
}

const tailSize = 64 << 10

// tailBuffer keeps the last tailSize bytes. It is locked because a terminal's copier may outlive nix.
type tailBuffer struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tailBuffer) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if len(t.buf) > 2*tailSize {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-tailSize:]...)
	}
	return len(p), nil
}

func (t *tailBuffer) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf[max(0, len(t.buf)-tailSize):])
}
