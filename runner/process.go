package runner

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"microvm/runner/console"
)

// outputDelay is how long a process's output is waited for after its end, in
// case a grandchild keeps it open.
const outputDelay = 2 * time.Second

// process is a child that does not outlive us.
type process struct {
	name string
	cmd  *exec.Cmd
	// tail is the end of what it wrote to stderr.
	tail *console.Tail
	// done is closed when it has ended; err is valid then.
	done chan struct{}
	err  error
}

// stdio is what a process reads and writes.
type stdio struct {
	stdin  *os.File
	stdout io.Writer
	stderr io.Writer
	files  []*os.File
}

// spawner starts processes on one thread that lives as long as it is not
// closed: the kernel sends the parent-death signal when the *thread* ends that
// started the child.
type spawner struct {
	requests chan func()
}

func newSpawner() *spawner {
	s := &spawner{requests: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for f := range s.requests {
			f()
		}
		runtime.UnlockOSThread()
	}()
	return s
}

func (s *spawner) close() { close(s.requests) }

func (s *spawner) start(name string, c Command, dir string, io stdio) (*process, error) {
	p := &process{name: name, tail: &console.Tail{}, done: make(chan struct{})}
	p.cmd = exec.Command(c.Path, c.Args...)
	p.cmd.Args[0] = c.Path
	if c.Argv0 != "" {
		p.cmd.Args[0] = c.Argv0
	}
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), c.Env...)
	if io.stdin != nil {
		p.cmd.Stdin = io.stdin
	}
	p.cmd.Stdout = io.stdout
	p.cmd.Stderr = multiWriter(p.tail, io.stderr)
	p.cmd.ExtraFiles = io.files
	p.cmd.WaitDelay = outputDelay
	p.cmd.SysProcAttr = childAttr()
	started := make(chan error)
	s.requests <- func() { started <- p.cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// signal is sent to the whole process group, because helpers fork.
func (p *process) signal(sig syscall.Signal) {
	select {
	case <-p.done:
	default:
		// Between the child's end and done being closed its number could in
		// theory be another's; only a signal to the group reaches its helpers.
		_ = syscall.Kill(-p.cmd.Process.Pid, sig)
	}
}

// end terminates the process, and kills it if it does not obey in time.
func (p *process) end(patience time.Duration) {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return
	case <-time.After(patience):
	}
	p.signal(syscall.SIGKILL)
	<-p.done
}

func (p *process) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func multiWriter(a, b io.Writer) io.Writer {
	if b == nil {
		return a
	}
	return io.MultiWriter(a, b)
}

// lockedWriter is for several processes that write to one place.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write writes in one piece.
func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
