//go:build linux && !amd64 && !arm64

package kvm

import "errors"

func tryGuest() (answer, error) { return answer{}, errors.ErrUnsupported }
