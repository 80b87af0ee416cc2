package darwin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"

	"microvm/runner"
)

// maxReply bounds what is read of a reply; vfkit's have some hundred bytes.
const maxReply = 1 << 20

// Shutdown asks the guest to power off, as its power button would.
func (Vfkit) Shutdown(ctx context.Context, socket string) error {
	return changeState(ctx, socket, "Stop")
}

// Pause stops the virtual CPUs.
func (Vfkit) Pause(ctx context.Context, socket string) error {
	return changeState(ctx, socket, "Pause")
}

// Resume continues the virtual CPUs.
func (Vfkit) Resume(ctx context.Context, socket string) error {
	return changeState(ctx, socket, "Resume")
}

// Info asks for the framework's state, and for the guest's memory, which is what
// it was started with.
func (Vfkit) Info(ctx context.Context, socket string) (runner.Info, error) {
	reply, err := request(ctx, socket, http.MethodGet, "/vm/state", "")
	if err != nil {
		return runner.Info{}, err
	}
	state, err := parseState(reply)
	if err != nil {
		return runner.Info{}, fmt.Errorf("vfkit at %q: %w", socket, err)
	}
	if reply, err = request(ctx, socket, http.MethodGet, "/vm/inspect", ""); err != nil {
		return runner.Info{}, err
	}
	mem, err := parseMemory(reply)
	if err != nil {
		return runner.Info{}, fmt.Errorf("vfkit at %q: %w", socket, err)
	}
	return runner.Info{State: state, Mem: mem}, nil
}

var statePattern = regexp.MustCompile(`^VirtualMachineState([A-Z][a-z]+)$`)

// parseState reads {"state": "VirtualMachineStateRunning", ...}.
func parseState(reply []byte) (string, error) {
	var r struct {
		State string `json:"state"`
	}
	if err := json.Unmarshal(reply, &r); err != nil {
		return "", fmt.Errorf("state: %w", err)
	}
	m := statePattern.FindStringSubmatch(r.State)
	if m == nil {
		return "", fmt.Errorf("state: %q is none of the framework's", r.State)
	}
	// Running and Paused become runner's own words for them.
	return strings.ToLower(m[1]), nil
}

// parseMemory reads {"memoryBytes": N, ...}, in MiB.
func parseMemory(reply []byte) (int, error) {
	var r struct {
		MemoryBytes uint64 `json:"memoryBytes"`
	}
	if err := json.Unmarshal(reply, &r); err != nil {
		return 0, fmt.Errorf("inspect: %w", err)
	}
	return int(r.MemoryBytes >> 20), nil
}

// changeState is answered when the framework has taken the request: a guest that
// is asked to stop may still be running.
func changeState(ctx context.Context, socket, state string) error {
	_, err := request(ctx, socket, http.MethodPost, "/vm/state", `{"state":"`+state+`"}`)
	return err
}

// request speaks HTTP with the REST service at the socket.
func request(ctx context.Context, socket, method, path, body string) ([]byte, error) {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, method, "http://vfkit"+path, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("vfkit at %q: %w", socket, err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("vfkit at %q: %w", socket, err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, fmt.Errorf("vfkit at %q: %s %s: %w", socket, method, path, err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, fmt.Errorf("vfkit at %q: %s %s: %s", socket, method, path, reason(resp.StatusCode, reply))
	}
	return reply, nil
}

// reason is what vfkit says in a refusal, {"error": "..."}, or the status where
// it is something else that answers.
func reason(status int, reply []byte) string {
	var refusal struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(reply, &refusal) != nil || refusal.Error == "" {
		return fmt.Sprintf("HTTP status %d", status)
	}
	return fmt.Sprintf("HTTP status %d, %q", status, refusal.Error)
}
