//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"

	"microvm/testscripts/guest/init/cmdline"
)

func TestChooseEnd(t *testing.T) {
	tests := []struct{ line, asked, end, said string }{
		{"", "", powerOff, ""},
		{"microvm.test.action=reboot", "", reboot, ""},
		{"microvm.test.action=panic microvm.test.delay=1ms", "", crash, ""},
		{"microvm.test.action=x", "", powerOff, "guest: error=\"unknown action \\\"x\\\"\"\n"},
		{"microvm.test.action=reboot microvm.test.delay=1h", "powerbutton", powerOff, "guest: shutdown=powerbutton\n"},
		{"microvm.test.delay=soon", "", powerOff, "guest: error=\"time: invalid duration \\\"soon\\\"\"\n"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "console")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		shutdown := make(chan string, 1)
		if tt.asked != "" {
			shutdown <- tt.asked
		}
		g := &guest{params: cmdline.Parse(tt.line), console: &console{file: f}, shutdown: shutdown}
		end := g.chooseEnd()
		said, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if end != tt.end || string(said) != tt.said {
			t.Errorf("chooseEnd of %q = %q, said %q, want %q, %q", tt.line, end, said, tt.end, tt.said)
		}
	}
}
