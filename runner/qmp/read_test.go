package qmp

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

func TestReadLineLimit(t *testing.T) {
	for _, test := range []struct {
		length int
		ok     bool
	}{{0, true}, {4095, true}, {4096, true}, {9999, true}, {10000, false}, {1 << 20, false}} {
		line := strings.Repeat("x", test.length) + "\n"
		got, err := readLine(bufio.NewReader(strings.NewReader(line)), 10000)
		if (err == nil) != test.ok || test.ok && string(got) != line {
			t.Errorf("a line of %d bytes: %d bytes, %v", test.length, len(got), err)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add([]byte(greeting))
	f.Add([]byte(`{"return": {}, "id": 1}` + "\r\n" + `{"event": "STOP", "data": null}` + "\n"))
	f.Add([]byte(`{"error": {"class": "GenericError", "desc": "d"}, "id": 18446744073709551615}` + "\n"))
	f.Add([]byte(`{"event": "E", "timestamp": {"seconds": 9223372036854775807, "microseconds": -9223372036854775808}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = readGreeting(bufio.NewReader(bytes.NewReader(data)))
		r := bufio.NewReader(bytes.NewReader(data))
		for {
			m, err := readMessage(r)
			if err != nil {
				return
			}
			if m.Event == "" && m.Return == nil && m.Error == nil {
				t.Fatalf("accepted %q, which says nothing", data)
			}
			if len(m.event().Data) > maxEvent && m.Event != "" {
				t.Fatalf("accepted an event of %d bytes", len(m.Data))
			}
		}
	})
}
