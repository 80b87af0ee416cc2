//go:build !linux

package runner

func ioUringAllowed() bool { return false }
