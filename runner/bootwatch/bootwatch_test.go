package bootwatch

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	decompressor = 0x4f3a577
	kernelAMD64  = 0xffffffff90f1fc66
	kernelARM64  = 0xffff800008010000
	program      = 0x5555_5555_4000
)

// guest acts by the time since its start.
type guest struct {
	pcs     func(time.Duration) []uint64
	printed func(time.Duration) int64
	cpu     float64 // CPUs the hypervisor uses; it is runnable from 0.1 on
	slow    bool    // the monitor never answers
	fails   error   // the monitor's answer
}

func (g guest) watch(start time.Time) Watch {
	return Watch{
		ProgramCounters: func(ctx context.Context) ([]uint64, error) {
			if g.slow {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return g.pcs(time.Since(start)), g.fails
		},
		ConsoleBytes: func() int64 { return g.printed(time.Since(start)) },
		Load: func() (Load, error) {
			return Load{time.Duration(g.cpu * float64(time.Since(start))), g.cpu >= 0.1}, nil
		},
	}
}

func at(pcs ...uint64) func(time.Duration) []uint64 {
	return func(time.Duration) []uint64 { return pcs }
}

func silent(time.Duration) int64 { return 0 }

// until is decompressing until the time, and in the kernel from then on.
func until(reached time.Duration) func(time.Duration) []uint64 {
	return func(d time.Duration) []uint64 {
		if d < reached {
			return []uint64{decompressor, 0xfff0}
		}
		return []uint64{kernelAMD64, 0xfff0}
	}
}

func TestRun(t *testing.T) {
	for name, test := range map[string]struct {
		guest guest
		want  Outcome
		after time.Duration
		why   string
	}{
		"x86_64 kernel":   {guest{at(kernelAMD64), silent, 1, false, nil}, Reached, 250 * time.Millisecond, ""},
		"aarch64 kernel":  {guest{at(kernelARM64), silent, 1, false, nil}, Reached, 250 * time.Millisecond, ""},
		"already a shell": {guest{at(program), silent, 1, false, nil}, Reached, 250 * time.Millisecond, ""},
		"second CPU":      {guest{at(0xfff0, kernelAMD64), silent, 1, false, nil}, Reached, 250 * time.Millisecond, ""},
		"just in time":    {guest{until(7900 * time.Millisecond), silent, 1, false, nil}, Reached, 8 * time.Second, ""},
		"hangs": {guest{at(decompressor, 0xfff0), silent, 1, false, nil}, Hung, 8250 * time.Millisecond,
			"in 8 s it used 8 s of CPU time and printed nothing; it is still at 0x4f3a577"},
		"reset vector":    {guest{at(0xfffffff0), silent, 1, false, nil}, Hung, 8 * time.Second, "0xfffffff0"},
		"busy host":       {guest{at(decompressor), silent, 0.3, false, nil}, Hung, 8 * time.Second, ""},
		"busier host":     {guest{at(decompressor), silent, 0.1, false, nil}, Hung, 20 * time.Second, ""},
		"waits":           {guest{at(0x100000), silent, 0.09, false, nil}, Unknown, time.Minute, "not hung for certain"},
		"mute monitor":    {guest{nil, silent, 1, true, nil}, Hung, 8 * time.Second, "does not tell"},
		"mute and idle":   {guest{nil, silent, 0, true, nil}, Unknown, time.Minute, "not hung for certain"},
		"monitor is gone": {guest{at(), silent, 1, false, errors.New("gone")}, Unknown, 250 * time.Millisecond, "gone"},
		"prints": {guest{at(decompressor), func(d time.Duration) int64 { return int64(d / (5 * time.Second)) }, 1, false, nil},
			Unknown, time.Minute, "not hung for certain"},
		"prints first, as firmware does": {guest{at(decompressor), func(d time.Duration) int64 {
			return int64(min(d/time.Second, 2))
		}, 1, false, nil}, Hung, 10 * time.Second, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				got := test.guest.watch(start).Run(t.Context())
				if got.Outcome != test.want || !strings.Contains(got.Reason, test.why) || (got.Reason == "") != (test.want == Reached) {
					t.Errorf("%+v, want %s because %q", got, test.want, test.why)
				}
				if took := time.Since(start); took < test.after || took > test.after+2*time.Second {
					t.Errorf("took %v, want %v or a little more", took, test.after)
				}
			})
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	for name, g := range map[string]guest{
		"sampling": {nil, silent, 1, true, nil},
		"waiting":  {at(decompressor), silent, 1, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
				defer cancel()
				if got := g.watch(start).Run(ctx); got.Outcome != Unknown {
					t.Errorf("%+v, want unknown", got)
				}
				if took := time.Since(start); took != 400*time.Millisecond {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// TestGuestThatIsSometimesBusy checks both sides of the limit.
func TestGuestThatIsSometimesBusy(t *testing.T) {
	for idle, want := range map[int]Outcome{5: Hung, 4: Unknown} { // every which sample
		synctest.Test(t, func(t *testing.T) {
			start, n := time.Now(), 0
			w := guest{at(decompressor), silent, 1, false, nil}.watch(start)
			w.Load = func() (Load, error) {
				n++
				return Load{time.Since(start), n%idle != 0}, nil
			}
			if got := w.Run(t.Context()); got.Outcome != want {
				t.Errorf("idle in every sample number %d: %+v, want %s", idle, got, want)
			}
		})
	}
}

func TestLoadFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := guest{at(decompressor), silent, 1, false, nil}.watch(time.Now())
		w.Load = func() (Load, error) { return Load{}, errors.New("no such process") }
		if got := w.Run(t.Context()); got.Outcome != Unknown || got.Reason != "no such process" {
			t.Errorf("%+v, want unknown", got)
		}
	})
}

func TestDurationsCanBeChosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := guest{at(decompressor), silent, 1, false, nil}.watch(start)
		w.Window, w.Interval = time.Second, 10*time.Millisecond
		if got := w.Run(t.Context()); got.Outcome != Hung || time.Since(start) != 1010*time.Millisecond {
			t.Errorf("%+v after %v, want hung after 1.01s", got, time.Since(start))
		}
		start = time.Now()
		w.Window, w.GiveUp = time.Hour, 2*time.Second
		if got := w.Run(t.Context()); got.Outcome != Unknown || time.Since(start) != 2*time.Second {
			t.Errorf("%+v after %v, want unknown after 2s", got, time.Since(start))
		}
	})
}
