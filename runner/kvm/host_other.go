//go:build !linux

package kvm

import (
	"errors"
	"io"
)

func newHost(Options) host { return host{root: "/", stat: statDevice} }

func statDevice() (node, error) { return node{}, errors.ErrUnsupported }

// RunChild fails: KVM is Linux's.
func RunChild(io.Writer) error { return errors.ErrUnsupported }
