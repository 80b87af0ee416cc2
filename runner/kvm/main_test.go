package kvm

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"testing"
	"time"
)

// TestMain is also the child that Probe starts, as a command line would be.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		if act, ok := children()[os.Args[1]]; ok {
			act()
			return
		}
	}
	m.Run()
}

// children are what a child can do, by its argument.
func children() map[string]func() {
	return map[string]func(){
		"child-real": func() {
			if err := RunChild(os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		},
		"child-fast":    func() { fmt.Println(`{"instructions": 1000, "nanoseconds": 900}`) },
		"child-slow":    func() { fmt.Println(`{"instructions": 1000, "nanoseconds": 480000}`) },
		"child-refused": func() { fmt.Println(`{"error": "KVM_CREATE_VM: busy", "fix": "stop it"}`) },
		"child-garbage": func() { fmt.Println("fine, thanks") },
		"child-silent":  func() {},
		"child-fails":   func() { fmt.Fprintln(os.Stderr, "first\nthe last words"); os.Exit(3) },
		"child-dies":    die,
		"child-hangs":   hang,
	}
}

func die() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		p.Kill()
	}
	hang()
}

// hang waits for what never comes, deaf to polite signals.
func hang() {
	signal.Ignore(os.Interrupt)
	time.Sleep(time.Hour)
}

func childAnswers(a answer, err error) func(context.Context) (answer, error) {
	return func(context.Context) (answer, error) { return a, err }
}
