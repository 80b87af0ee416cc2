package kvm

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestTSCkHz(t *testing.T) {
	first, second := TSCkHz(), TSCkHz()
	if first <= 0 || apart(first, second) > 0.01 {
		t.Errorf("%d kHz, then %d kHz: want the same within 1 %%", first, second)
	}
	nominal := nominalkHz(t)
	if apart(first, nominal) > 0.02 {
		t.Errorf("%d kHz, but the kernel says %d kHz", first, nominal)
	}
}

func apart(a, b int) float64 { return math.Abs(float64(a)/float64(b) - 1) }

// nominalkHz is the kernel's figure, if its clock is constant and does not
// follow the load: then it is the same for all CPUs.
func nominalkHz(t *testing.T) int {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skipf("nothing to compare with: %v", err)
	}
	if !slices.Contains(host{root: "/"}.cpuFlags(), "constant_tsc") {
		t.Skip("nothing to compare with: the time stamp counter is not constant")
	}
	var found []int
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "cpu MHz\t\t: "); ok {
			mhz, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, int(mhz*1000))
		}
	}
	slices.Sort(found)
	if found = slices.Compact(found); len(found) != 1 {
		t.Skipf("nothing to compare with: the clocks follow the load: %v", found)
	}
	return found[0]
}
