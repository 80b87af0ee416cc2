//go:build !linux

package runner

func examineDevices() []Finding { return nil }
