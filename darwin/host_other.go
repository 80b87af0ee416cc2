//go:build !darwin

package darwin

import (
	"context"

	"microvm/runner"
)

// CheckHost finds nothing on a host that is no Mac.
func CheckHost(context.Context) []runner.Finding { return nil }
