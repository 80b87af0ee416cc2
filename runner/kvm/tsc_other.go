//go:build !amd64

package kvm

// TSCkHz is 0: only x86 has a time stamp counter.
func TSCkHz() int { return 0 }
