package runner

import (
	"context"
	"fmt"
	"runtime"

	"microvm/runner/kvm"
)

// chooseAccel judges the accelerators of this host for this guest.
func chooseAccel(ctx context.Context, s *Spec, o HostOptions) (Accel, error) {
	fast := "kvm"
	if runtime.GOOS == "darwin" {
		fast = "hvf"
	}
	foreign := Arch(s.System) != Arch(HostSystem())
	switch {
	case o.Accel == "tcg":
		return Accel{Kind: "tcg"}, nil
	case o.Accel != "auto" && o.Accel != fast:
		return Accel{}, hinted(fmt.Errorf("accelerator %q does not exist on %s", o.Accel, runtime.GOOS), "use auto, %s or tcg", fast)
	case foreign && o.Accel != "auto":
		return Accel{}, hinted(fmt.Errorf("accelerator %q cannot run a guest of %s on %s", o.Accel, s.System, HostSystem()), "use --accel tcg")
	case foreign:
		return Accel{Kind: "tcg", Reason: fmt.Sprintf("the guest is %s and this host is %s; emulation is slow", s.System, HostSystem())}, nil
	case o.Accel == fast || fast == "hvf":
		return Accel{Kind: fast}, nil
	}
	c := judgeKVM(ctx, o)
	switch {
	case c.Hung:
		return Accel{Kind: "tcg", Reason: "KVM failed an ordinary kernel since this host booted: " + c.HungReason}, nil
	case c.Report.Verdict != kvm.Works:
		return Accel{Kind: "tcg", Reason: c.Report.Reason() + "; --accel kvm insists"}, nil
	}
	return Accel{Kind: "kvm", Watch: !c.Booted}, nil
}

// judgeKVM probes once a boot of the host.
func judgeKVM(ctx context.Context, o HostOptions) kvm.Cached {
	if c, ok := kvm.Load(o.CacheDir); ok {
		return c
	}
	c := kvm.Cached{Report: kvm.Probe(ctx, kvm.Options{Exe: o.Self, Args: o.ProbeArgs})}
	if ctx.Err() == nil {
		// A cache that cannot be written costs a probe the next time, no more.
		_ = kvm.Store(o.CacheDir, c)
	}
	return c
}

// RememberHang keeps the next runs on this boot of the host from trying KVM.
func RememberHang(ctx context.Context, o HostOptions, hang *AccelError) error {
	c := judgeKVM(ctx, o)
	c.Hung, c.HungReason = true, hang.Reason
	return kvm.Store(o.CacheDir, c)
}

// RememberBoot spares the next runs on this boot of the host the watchdog.
func RememberBoot(ctx context.Context, o HostOptions) error {
	c := judgeKVM(ctx, o)
	c.Booted = true
	return kvm.Store(o.CacheDir, c)
}

func tscFrequency(cacheDir string) int {
	c, ok := kvm.Load(cacheDir)
	if c.TSCkHz > 0 {
		return c.TSCkHz
	}
	c.TSCkHz = kvm.TSCkHz()
	if ok {
		_ = kvm.Store(cacheDir, c)
	}
	return c.TSCkHz
}
