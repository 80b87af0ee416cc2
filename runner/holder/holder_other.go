//go:build !linux

package holder

// Of finds nobody: outside Linux there is no way to ask that needs no other program.
func Of(string) []Process { return nil }
