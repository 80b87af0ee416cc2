package bootwatch

import "time"

// Load is how a process uses the host's CPUs.
type Load struct {
	// Used is the CPU time it has used so far.
	Used time.Duration
	// Runnable is whether one of its threads runs now, or waits for a CPU.
	Runnable bool
}

// stretch is a time in which the guest has printed nothing.
type stretch struct {
	first, last sighting
	samples     int
	runnable    int
}

type sighting struct {
	at      time.Time
	printed int64
	used    time.Duration
}

// add begins anew when the guest has printed.
func (s *stretch) add(now time.Time, printed int64, l Load) {
	seen := sighting{now, printed, l.Used}
	if s.samples == 0 || printed != s.first.printed {
		*s = stretch{first: seen}
	}
	s.last = seen
	s.samples++
	if l.Runnable {
		s.runnable++
	}
}

// length is in time and in the hypervisor's CPU time.
func (s *stretch) length() (elapsed, used time.Duration) {
	return s.last.at.Sub(s.first.at), s.last.used - s.first.used
}

func (s *stretch) busy() bool { return float64(s.runnable) >= busy*float64(s.samples) }
