package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// signals are the user's Ctrl-C and the service manager's SIGTERM.
type signals struct {
	raw  chan os.Signal
	stop chan struct{}
	done chan struct{}
}

func newSignals() *signals {
	s := &signals{raw: make(chan os.Signal, 2), stop: make(chan struct{}, 2), done: make(chan struct{})}
	signal.Notify(s.raw, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	return s
}

// context is done at the first signal until the caller's own handling begins by
// receiving from stop.
func (s *signals) context(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		defer cancel()
		for {
			select {
			case <-s.raw:
				cancel()
				select {
				case s.stop <- struct{}{}:
				default:
				}
			case <-s.done:
				return
			}
		}
	}()
	return ctx, cancel
}

func (s *signals) close() {
	signal.Stop(s.raw)
	close(s.done)
}
