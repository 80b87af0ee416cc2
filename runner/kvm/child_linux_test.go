package kvm

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// childOf runs this test's executable as the named child.
func childOf(name string, timeout time.Duration) Options {
	return Options{Exe: os.Args[0], Args: []string{"child-" + name}, Timeout: timeout}
}

func TestRunChild(t *testing.T) {
	for _, test := range []struct {
		child string
		want  answer
		err   string
	}{
		{"fast", answer{Instructions: 1000, Nanoseconds: 900}, ""},
		{"slow", answer{Instructions: 1000, Nanoseconds: 480000}, ""},
		{"refused", answer{Error: "KVM_CREATE_VM: busy", Fix: "stop it"}, ""},
		{"garbage", answer{}, `no proper answer: "fine, thanks`},
		{"silent", answer{}, `no proper answer: ""`},
		{"fails", answer{}, `exit status 3: "the last words"`},
		{"dies", answer{}, "signal: killed"},
	} {
		t.Run(test.child, func(t *testing.T) {
			t.Parallel() // the race detector's programs take a second to end
			got, err := runChild(t.Context(), childOf(test.child, 20*time.Second))
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%+v, %v; want %+v, %q", got, err, test.want, test.err)
			}
		})
	}
}

func TestRunChildThatHangs(t *testing.T) {
	start := time.Now()
	_, err := runChild(t.Context(), childOf("hangs", 100*time.Millisecond))
	if err == nil || !strings.Contains(err.Error(), "no answer within 100ms") || errors.Is(err, errNotStarted) {
		t.Errorf("error %v, want one that says it hangs", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestRunChildThatCannotStart(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, missing := runChild(t.Context(), Options{Exe: "/nonexistent/microvm", Timeout: time.Second})
	_, early := runChild(cancelled, childOf("hangs", time.Minute))
	for _, err := range []error{missing, early} {
		if !errors.Is(err, errNotStarted) {
			t.Errorf("error %v, want %v", err, errNotStarted)
		}
	}
}

func FuzzDecodeAnswer(f *testing.F) {
	f.Add([]byte(`{"instructions": 1000, "nanoseconds": 900}`))
	f.Add([]byte(`{"error": "e", "fix": "f"}`))
	f.Add([]byte(`{"instructions": -1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := decodeAnswer(data); err == nil && (a.Instructions < 0 || a.Nanoseconds < 0) {
			t.Errorf("accepted %+v", a)
		}
	})
}

// TestRealProbe runs on whatever this machine has.
func TestRealProbe(t *testing.T) {
	if _, err := statDevice(); err != nil {
		t.Skipf("no KVM to probe: %v", err)
	}
	start := time.Now()
	r := Probe(t.Context(), childOf("real", 20*time.Second))
	t.Logf("%+v in %v", r, time.Since(start))
	switch {
	case (r.Verdict == Works) != (r.Reason() == ""):
		t.Errorf("verdict %s because %q", r.Verdict, r.Reason())
	case r.Module == "kvm_pvm" && r.Verdict == Works:
		t.Error("PVM alone is said to work")
	case r.Verdict == Unusable && openDevice() == nil:
		t.Errorf("KVM can be opened, but %s", r.Reason())
	}
}
