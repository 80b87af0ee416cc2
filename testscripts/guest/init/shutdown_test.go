//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func TestPressed(t *testing.T) {
	const evKey, evSyn, keyPower, keyA = 1, 0, 116, 30
	tests := []struct {
		name   string
		events [][3]uint16 // type, code, value
		want   bool
	}{
		{"nothing", nil, false},
		{"power key", [][3]uint16{{evKey, keyPower, 1}}, true},
		{"after others", [][3]uint16{{evKey, keyA, 1}, {evSyn, 0, 0}, {evKey, keyPower, 1}}, true},
		{"released", [][3]uint16{{evKey, keyPower, 0}}, false},
		{"another key", [][3]uint16{{evKey, keyA, 1}}, false},
		{"not a key", [][3]uint16{{evSyn, keyPower, 1}}, false},
	}
	for _, tt := range tests {
		var events bytes.Buffer
		for _, e := range tt.events {
			events.Write(make([]byte, 16)) // the time
			for _, v := range []any{e[0], e[1], int32(e[2])} {
				if err := binary.Write(&events, binary.NativeEndian, v); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := pressed(&events); got != tt.want {
			t.Errorf("%s: pressed = %t, want %t", tt.name, got, tt.want)
		}
	}
}
