package cmdline

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	flag := func(key string) Param { return Param{Key: key} }
	pair := func(key, value string) Param { return Param{Key: key, Value: value, HasValue: true} }
	tests := []struct {
		line string
		want []Param
	}{
		{"", nil},
		{" \n", nil},
		{"quiet\n", []Param{flag("quiet")}},
		{"console=ttyS0 quiet", []Param{pair("console", "ttyS0"), flag("quiet")}},
		{"a= b", []Param{pair("a", ""), flag("b")}},
		{"a=b=c", []Param{pair("a", "b=c")}},
		{`w=/f:"two words"`, []Param{pair("w", `/f:"two words"`)}},
		{`w="/f:two words" x`, []Param{pair("w", "/f:two words"), flag("x")}},
		{`"w=/f:two words" x`, []Param{pair("w", "/f:two words"), flag("x")}},
		{`"a flag"`, []Param{flag("a flag")}},
		{`a="never closed b`, []Param{pair("a", "never closed b")}},
		{`"`, []Param{flag("")}},
		{`a=""`, []Param{pair("a", "")}},
		{"a=1 a=2", []Param{pair("a", "1"), pair("a", "2")}},
		{"-- --help", []Param{flag("--"), flag("--help")}},
	}
	for _, tt := range tests {
		if got := Parse(tt.line); !slices.Equal(got, tt.want) {
			t.Errorf("Parse(%q) = %+v, want %+v", tt.line, got, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`console=ttyS0 a="b c" "d e=f" g=`)
	f.Fuzz(func(t *testing.T, line string) {
		total := 0
		for _, p := range Parse(line) {
			total += len(p.Key) + len(p.Value)
			if !p.HasValue && p.Value != "" {
				t.Errorf("Parse(%q): %+v has a value it denies", line, p)
			}
			if strings.Contains(p.Key, "=") {
				t.Errorf("Parse(%q): key %q holds a =", line, p.Key)
			}
		}
		if total > len(line) {
			t.Errorf("Parse(%q) gave %d bytes of %d", line, total, len(line))
		}
	})
}
