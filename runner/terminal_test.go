package runner

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"

	"golang.org/x/term"
)

// readKeys is a hypervisor that looks at its stdin.
func readKeys() {
	keys := make([]byte, 3)
	_, err := io.ReadFull(os.Stdin, keys)
	fmt.Printf("terminal: %t, keys: %q, %v\n", term.IsTerminal(int(os.Stdin.Fd())), keys, err)
}

func TestHypervisorThatNeedsATerminal(t *testing.T) {
	for terminal, want := range map[bool]string{
		true:  "terminal: true, keys: \"a\\x03\\r\", <nil>\n",
		false: "terminal: false, keys: \"a\\x03\\r\", <nil>\n",
	} {
		ours, keys, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		o := startOptions(&out)
		o.Stdin = ours
		vm, err := Start(shortContext(t), &Plan{Dir: t.TempDir(), VM: act("read-keys"), terminal: terminal}, o)
		if err != nil {
			t.Fatal(err)
		}
		// As the command does once the VM has started.
		ours.Close()
		if _, err := keys.WriteString("a\x03\r"); err != nil {
			t.Fatal(err)
		}
		if err := vm.Wait(); err != nil {
			t.Error(err)
		}
		keys.Close()
		if out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
}

func TestNoKeysForATerminal(t *testing.T) {
	var out bytes.Buffer
	vm, err := Start(shortContext(t), &Plan{Dir: t.TempDir(), VM: act("is-terminal"), terminal: true}, startOptions(&out))
	if err != nil {
		t.Fatal(err)
	}
	if err := vm.Wait(); err != nil || out.String() != "true\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
