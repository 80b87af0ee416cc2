//go:build !linux

package kvm

import "errors"

func newHost(Options) host { return host{root: "/", stat: statDevice} }

func statDevice() (node, error) { return node{}, errors.ErrUnsupported }
