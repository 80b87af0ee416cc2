//go:build linux

package main

import (
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	p, a := netip.MustParsePrefix, netip.MustParseAddr
	for in, want := range map[string]address{
		"eth0:10.0.2.15/24":          {link: "eth0", prefix: p("10.0.2.15/24")},
		"eth0:10.0.2.15/24:10.0.2.2": {link: "eth0", prefix: p("10.0.2.15/24"), gateway: a("10.0.2.2")},
		"eth1:fd00::2/64:fd00::1":    {link: "eth1", prefix: p("fd00::2/64"), gateway: a("fd00::1")},
	} {
		if got, err := parseAddress(in); err != nil || got != want {
			t.Errorf("parseAddress(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "eth0", "eth0:10.0.2.15", "eth0:10.0.2.15/33", ":10.0.2.15/24", "eth0:10.0.2.15/24:", "eth0:10.0.2.15/24:x"} {
		if got, err := parseAddress(in); err == nil {
			t.Errorf("parseAddress(%q) = %v, want an error", in, got)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("eth0:10.0.2.15/24:10.0.2.2")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAddress(text)
		if err == nil && (a.link == "" || !a.prefix.IsValid()) {
			t.Errorf("parseAddress(%q) = %v without an error", text, a)
		}
	})
}

func TestGreet(t *testing.T) {
	client, server := net.Pipe()
	go greet(server, "hello\n")
	if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(client)
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.0 200 OK\r\n") || !strings.HasSuffix(string(got), "\r\n\r\nhello\n") {
		t.Errorf("greet answered %q, %v", got, err)
	}
}
