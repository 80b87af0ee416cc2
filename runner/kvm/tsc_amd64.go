package kvm

import (
	"slices"
	"time"
)

const (
	tscWindow   = 10 * time.Millisecond
	tscWindows  = 3
	tscReadings = 5
)

// rdtsc reads the time stamp counter, not before earlier instructions are done.
func rdtsc() uint64

// TSCkHz measures the frequency of the CPU's time stamp counter, in kHz,
// within some 30 ms; 0 where there is none. A Linux guest under software emulation
// needs it as tsc_early_khz=: QEMU passes the counter through, and the guest's
// own calibration fails when its timers come late.
func TSCkHz() int {
	var rates [tscWindows]int
	for i := range rates {
		rates[i] = measureTSC()
	}
	slices.Sort(rates[:])
	return max(rates[tscWindows/2], 0)
}

func measureTSC() int {
	count, at := readTSC()
	time.Sleep(tscWindow)
	laterCount, later := readTSC()
	return int(float64(laterCount-count) / later.Sub(at).Seconds() / 1000)
}

// readTSC takes the clock and the counter together. Of several readings it
// returns the one that was interrupted least.
func readTSC() (count int64, at time.Time) {
	best := time.Duration(1<<63 - 1)
	for range tscReadings {
		before := time.Now()
		c := rdtsc()
		took := time.Since(before)
		if took < best {
			best, count, at = took, int64(c), before.Add(took/2)
		}
	}
	return count, at
}
