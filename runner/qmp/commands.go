package qmp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Powerdown presses the ACPI power button. QEMU reports success whether or not
// the guest has such a button or listens to it.
func (c *Conn) Powerdown(ctx context.Context) error { return c.do(ctx, "system_powerdown", nil) }

// Stop pauses all virtual CPUs.
func (c *Conn) Stop(ctx context.Context) error { return c.do(ctx, "stop", nil) }

// Cont lets the virtual CPUs run on.
func (c *Conn) Cont(ctx context.Context) error { return c.do(ctx, "cont", nil) }

// Quit ends QEMU. A connection that ends before the reply is success too: the
// exit overtakes it.
func (c *Conn) Quit(ctx context.Context) error {
	err := c.do(ctx, "quit", nil)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Status is QEMU's run state: running, paused, prelaunch, inmigrate,
// shutdown, internal-error, ...
func (c *Conn) Status(ctx context.Context) (string, error) {
	var reply struct {
		Status string `json:"status"`
	}
	err := c.query(ctx, "query-status", nil, &reply)
	return reply.Status, err
}

// Balloon asks the guest to keep this many bytes of memory and give the rest
// back. It fails with a *CommandError of class DeviceNotActive without a
// balloon device, and KVMMissingCap where the accelerator cannot do it.
func (c *Conn) Balloon(ctx context.Context, bytes int64) error {
	return c.do(ctx, "balloon", map[string]int64{"value": bytes})
}

// QueryBalloon is the memory in bytes that the guest has now.
func (c *Conn) QueryBalloon(ctx context.Context) (int64, error) {
	var reply struct {
		Actual int64 `json:"actual"`
	}
	err := c.query(ctx, "query-balloon", nil, &reply)
	return reply.Actual, err
}

// CtrlAltDel presses and releases the three keys on the guest's keyboard. It
// fails with a *CommandError when the machine has none.
func (c *Conn) CtrlAltDel(ctx context.Context) error {
	keys := []string{"ctrl", "alt", "delete"}
	var events []keyEvent
	for _, k := range keys {
		events = append(events, newKeyEvent(k, true))
	}
	for i := range keys {
		events = append(events, newKeyEvent(keys[len(keys)-1-i], false))
	}
	return c.do(ctx, "input-send-event", map[string][]keyEvent{"events": events})
}

// keyEvent is the "key" branch of QAPI's InputEvent.
type keyEvent struct {
	Type string `json:"type"`
	Data struct {
		Down bool `json:"down"`
		Key  struct {
			Type string `json:"type"`
			Data string `json:"data"`
		} `json:"key"`
	} `json:"data"`
}

func newKeyEvent(qcode string, down bool) keyEvent {
	var e keyEvent
	e.Type = "key"
	e.Data.Down = down
	e.Data.Key.Type = "qcode"
	e.Data.Key.Data = qcode
	return e
}

func (c *Conn) do(ctx context.Context, command string, args any) error {
	_, err := c.Execute(ctx, command, args)
	return err
}

func (c *Conn) query(ctx context.Context, command string, args, reply any) error {
	raw, err := c.Execute(ctx, command, args)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, reply); err != nil {
		return fmt.Errorf("reply to QMP command %q: %.80q: %w", command, raw, err)
	}
	return nil
}
