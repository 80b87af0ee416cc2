package bootwatch

import (
	"os"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const rest = " 1 1 1 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 1 0 5 6 7"
	for text, want := range map[string]stat{
		"7 (qemu) R" + rest:             {"R", 3 * time.Second},
		"7 (CPU 0/KVM) S" + rest:        {"S", 3 * time.Second},
		"7 (a) R 1 (b) D" + rest + "\n": {"D", 3 * time.Second},
	} {
		if got, err := parseStat(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", ")", "7 (qemu) R 1 2", "7 (qemu) R 1 1 1 0 -1 1 1 2 3 4 x 50", "7 (qemu) R 1 1 1 0 -1 1 1 2 3 4 5 -1"} {
		if got, err := parseStat(text); err == nil {
			t.Errorf("%q: %+v, want an error", text, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add("7 (CPU 0/KVM) S 1 1 1 0 -1 4194560 1 2 3 4 250 50 0")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseStat(text); err == nil && (s.used < 0 || s.state == "") {
			t.Errorf("%q: %+v", text, s)
		}
	})
}

func TestLoadOf(t *testing.T) {
	l, err := LoadOf(os.Getpid())
	for err == nil && l.Used == 0 { // the unit is 10 ms
		l, err = LoadOf(os.Getpid())
	}
	if err != nil || !l.Runnable {
		t.Errorf("load of this process: %+v, %v; want one that runs", l, err)
	}
	if l, err := LoadOf(1 << 30); err == nil {
		t.Errorf("load of no process: %+v", l)
	}
}
