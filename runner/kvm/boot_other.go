//go:build !linux && !darwin

package kvm

import "errors"

func bootID() (string, error) { return "", errors.ErrUnsupported }
