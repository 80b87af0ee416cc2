package darwin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"microvm/runner"
)

// listen makes the control socket. The path is short enough for macOS too.
func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "vfkit")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, socket
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	l, socket := listen(t)
	server := &http.Server{Handler: h}
	t.Cleanup(func() { server.Close() })
	go server.Serve(l)
	return socket
}

// microvm.nix writes bare JSON into the socket, which is no request.
func TestControlIsHTTP(t *testing.T) {
	ctl := Vfkit{}
	for state, do := range map[string]func(context.Context, string) error{
		"Stop": ctl.Shutdown, "Pause": ctl.Pause, "Resume": ctl.Resume,
	} {
		var got string
		socket := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"), body)
			w.WriteHeader(http.StatusAccepted)
		})
		if err := do(t.Context(), socket); err != nil {
			t.Error(err)
		}
		if want := `POST /vm/state application/json {"state":"` + state + `"}`; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestInfo(t *testing.T) {
	replies := map[string]string{
		"GET /vm/state":   `{"canStop":true,"state":"VirtualMachineStatePaused"}`,
		"GET /vm/inspect": `{"vcpus":2,"memoryBytes":536870912,"devices":[]}`,
	}
	socket := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, replies[r.Method+" "+r.URL.Path])
	})
	info, err := Vfkit{}.Info(t.Context(), socket)
	if want := (runner.Info{State: runner.StatePaused, Mem: 512}); err != nil || info != want {
		t.Errorf("got %v, %v, want %v", info, err, want)
	}
	replies["GET /vm/inspect"] = "no JSON"
	if _, err := (Vfkit{}).Info(t.Context(), socket); err == nil || !strings.Contains(err.Error(), "inspect: invalid character") {
		t.Errorf("got %v", err)
	}
}

func TestParseState(t *testing.T) {
	for reply, want := range map[string]string{
		`{"state":"VirtualMachineStateRunning"}`:          runner.StateRunning,
		`{"state":"VirtualMachineStatePaused","x":[1,2]}`: runner.StatePaused,
		`{"state":"VirtualMachineStateStopping"}`:         "stopping",
		`{"state":"VirtualMachineState\u001b[2J"}`:        `state: "VirtualMachineState\x1b[2J" is none of the framework's`,
		`{}`: `state: "" is none of the framework's`,
		``:   "state: unexpected end of JSON input",
	} {
		got, err := parseState([]byte(reply))
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", reply, got, want)
		}
	}
}

func TestControlRefused(t *testing.T) {
	tests := map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"by vfkit": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, `{"error":"cannot stop\u001b[2J"}`)
		}, `HTTP status 500, "cannot stop\x1b[2J"`},
		"without JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, "404 page not found")
		}, "HTTP status 404"},
		"with a reply that stops": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"err`)
		}, "unexpected EOF"},
		"with a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/vm/state", http.StatusTemporaryRedirect)
		}, "stopped after 10 redirects"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := Vfkit{}.Shutdown(t.Context(), serve(t, tt.handler))
			if err == nil || !strings.HasSuffix(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "vfkit at ") {
				t.Errorf("got %v, want ... %s", err, tt.want)
			}
		})
	}
}

func TestControlBroken(t *testing.T) {
	for name, tt := range map[string]struct{ bytes, want string }{
		"garbage":         {"\x00\xff garbage\r\n\r\n", "malformed HTTP"},
		"closed":          {"", "EOF"},
		"half a header":   {"HTTP/1.1 202 Acc", "unexpected EOF"},
		"another version": {"HTTP/9.9\r\n\r\n", "malformed HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			l, socket := listen(t)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				// The request first, or its writer fails instead.
				_, _ = c.Read(make([]byte, 4096))
				_, _ = io.WriteString(c, tt.bytes)
			}()
			if err := (Vfkit{}).Shutdown(t.Context(), socket); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestControlSlowOrGone(t *testing.T) {
	// It accepts nobody, so that the request waits in the queue.
	_, socket := listen(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := (Vfkit{}).Shutdown(ctx, socket); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
	if err := (Vfkit{}).Shutdown(t.Context(), socket+"-gone"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("gone: %v", err)
	}
}

func FuzzReplies(f *testing.F) {
	for _, reply := range []string{`{"state":"VirtualMachineStateRunning"}`, `{"memoryBytes":1048576}`, `{"error":"no"}`, `{"memoryBytes":-1}`, `[`, "null"} {
		f.Add([]byte(reply))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		if state, err := parseState(reply); err == nil && strings.Trim(state, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("state %q", state)
		}
		if mem, err := parseMemory(reply); err == nil && mem < 0 {
			t.Errorf("memory %d", mem)
		}
		for _, r := range reason(500, reply) {
			if r < ' ' {
				t.Errorf("reason %q", reason(500, reply))
			}
		}
	})
}
