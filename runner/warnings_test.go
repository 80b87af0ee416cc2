package runner

import (
	"slices"
	"testing"
)

func TestWarnings(t *testing.T) {
	tests := []struct {
		fields string
		want   []string
	}{
		{``, nil},
		{`"mem": 31`, []string{`mem: 31 MiB of RAM is uncomfortably narrow`}},
		{`"initialBalloonMem": 1`, []string{`initialBalloonMem: has no effect without balloon = true`}},
		{`"initialBalloonMem": 1, "balloon": true`, nil},
		{`"volumes": [{"image": "a", "label": "l", "autoCreate": false}]`, []string{`volumes[0].label: is not set without autoCreate: label the file system by hand, or the guest will not find it`}},
		{`"volumes": [{"image": "a", "size": 1, "imageType": "vhdx"}]`, []string{`volumes[0].imageType: a missing image is created as "raw", not as "vhdx"`}},
		{list("interfaces", `{"type": "user", "id": "a", "tap": {"vhost": true}, "macvtap": {"link": "eth0"}}`), []string{
			`interfaces[0].macvtap: has no effect in type "user"`,
			`interfaces[0].tap.vhost: has no effect in type "user"`,
		}},
	}
	for _, test := range tests {
		if got := parseSpec(t, test.fields).Warnings(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.fields, got, test.want)
		}
	}
}

func TestWarningsOfKernelParams(t *testing.T) {
	tests := map[string]bool{
		"quiet": false, "a=b": false, `a="b c"`: false, `"a=b c"`: false, " quiet ": false,
		"a b": true, `a="b" c`: true, "a\tb": true, `a="b c" d="e f"`: true,
	}
	for param, warned := range tests {
		s := parseSpec(t, "")
		s.Boot.KernelParams = []string{param}
		if got := s.Warnings(); (len(got) > 0) != warned {
			t.Errorf("%s: got %q, want a warning: %v", param, got, warned)
		}
	}
}
