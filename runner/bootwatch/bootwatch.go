// Package bootwatch notices a guest that never reaches its kernel: some hosts'
// accelerators run firmware and then stay in the kernel's decompressor for ever,
// while the hypervisor burns a CPU in silence.
//
// Under an accelerator that works, Debian's kernel takes well under a second to
// get there. Under QEMU's software emulation the decompressor takes 3 to 5 seconds
// on an idle host, and any time on a busy one, so that such a guest must not be
// watched.
package bootwatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// highAddress parts the addresses where kernels and programs of 64 bit guests
// run from those of firmware, boot code and decompressors, which run where the
// RAM is. On x86_64 and aarch64 kernels have the upper half of the addresses;
// of the lower half Linux gives most programs the top, above 64 TiB.
const highAddress = 1 << 46

// A hung guest never sleeps: a hypervisor with a thread that runs, or would if
// the host were less busy, in fewer samples than this is waiting for something.
const busy = 0.8

// minUsedPart of the window is the least CPU time that must be used: on a host
// so busy that nothing gets on, a guest does not hang, it starves.
const minUsedPart = 4

// Outcome is what became of the guest.
type Outcome string

const (
	// Reached means that the guest runs its kernel, or programs on it.
	Reached Outcome = "reached"
	// Hung means that it will most probably never do.
	Hung Outcome = "hung"
	// Unknown means that nobody can tell, and that watching has ended.
	Unknown Outcome = "unknown"
)

// Result is what Run found.
type Result struct {
	Outcome Outcome
	// Reason is one line about what was seen; empty if the kernel was reached.
	Reason string
}

// Watch is what to watch. The first three fields are required; a zero duration
// means the default.
type Watch struct {
	// ProgramCounters is where each virtual CPU is. An error other than the
	// context's ends the watch.
	ProgramCounters func(context.Context) ([]uint64, error)
	// ConsoleBytes is how much the guest has printed so far.
	ConsoleBytes func() int64
	// Load is what LoadOf says of the hypervisor. An error ends the watch.
	Load func() (Load, error)

	// Window is how long a guest must seem to hang: 8 s.
	Window time.Duration
	// Interval is the time between two samples: 250 ms.
	Interval time.Duration
	// SampleTimeout is how long a sample may take: 1 s. One that takes longer
	// counts as a guest that is not in its kernel.
	SampleTimeout time.Duration
	// GiveUp ends the watch: 60 s.
	GiveUp time.Duration
}

// Run watches until it knows, or the context ends. A guest is hung when during
// a whole window no sample found it in its kernel, it printed nothing, and the
// hypervisor was busy. So one that waits, like a unikernel in low memory, or one
// that prints, like a boot loader, is never hung.
func (w Watch) Run(ctx context.Context) Result {
	w.setDefaults()
	result, err := w.run(ctx)
	if err != nil {
		return Result{Unknown, err.Error()}
	}
	return result
}

func (w *Watch) run(ctx context.Context) (Result, error) {
	ticker := time.NewTicker(w.Interval)
	defer ticker.Stop()
	start := time.Now()
	var s stretch
	for time.Since(start) < w.GiveUp {
		select {
		case <-ctx.Done():
			return Result{}, ctx.Err()
		case <-ticker.C:
		}
		// The load comes first, because asking where the guest is wakes the hypervisor.
		load, err := w.Load()
		if err != nil {
			return Result{}, err
		}
		pcs, err := w.sample(ctx)
		if err != nil {
			return Result{}, err
		}
		if slices.ContainsFunc(pcs, func(pc uint64) bool { return pc >= highAddress }) {
			return Result{Outcome: Reached}, nil
		}
		s.add(time.Now(), w.ConsoleBytes(), load)
		switch elapsed, used := s.length(); {
		case elapsed < w.Window:
		case !s.busy():
			s = stretch{}
		case used >= w.Window/minUsedPart:
			return Result{Hung, describe(pcs, elapsed, used)}, nil
		}
	}
	return Result{Unknown, fmt.Sprintf("not in its kernel after %v, but not hung for certain", w.GiveUp)}, nil
}

func (w *Watch) setDefaults() {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&w.Window, 8 * time.Second},
		{&w.Interval, 250 * time.Millisecond},
		{&w.SampleTimeout, time.Second},
		{&w.GiveUp, time.Minute},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
}

// sample returns no program counters when the hypervisor does not answer: one
// whose CPU is stuck in the accelerator cannot.
func (w *Watch) sample(ctx context.Context) ([]uint64, error) {
	limited, cancel := context.WithTimeout(ctx, w.SampleTimeout)
	defer cancel()
	pcs, err := w.ProgramCounters(limited)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, nil
	}
	return pcs, err
}

func describe(pcs []uint64, elapsed, used time.Duration) string {
	where := "the hypervisor does not tell where it is"
	if len(pcs) > 0 {
		where = fmt.Sprintf("it is still at %#x", slices.Max(pcs))
	}
	return fmt.Sprintf("in %.0f s it used %.0f s of CPU time and printed nothing; %s",
		elapsed.Seconds(), used.Seconds(), where)
}
