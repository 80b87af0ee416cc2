// Command initrd packs the init of microvm/testscripts/guest/init and the
// kernel modules that it loads into an initrd. The same sources and kernel give
// the same bytes.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/google/renameio/v2"
)

const initPackage = "microvm/testscripts/guest/init"

type options struct {
	kernelDir, out, arch string
	modules              []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, o)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	var modules string
	flags := flag.NewFlagSet("initrd", flag.ContinueOnError)
	flags.StringVar(&o.kernelDir, "kernel-dir", "", "directory that holds lib/modules/VERSION; none: no modules")
	flags.StringVar(&o.out, "o", "initrd", "file to write")
	flags.StringVar(&o.arch, "arch", runtime.GOARCH, "GOARCH of the guest")
	flags.StringVar(&modules, "modules", "", "comma-separated modules to load; default: those that tests need")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	o.modules = strings.Split(cmp.Or(modules, strings.Join(defaultModules(o.arch), ",")), ",")
	return o, nil
}

func run(ctx context.Context, o options) error {
	init, err := buildInit(ctx, o.arch)
	if err != nil {
		return err
	}
	content := []entry{
		{name: "init", mode: 0o755, data: init},
		// The Go runtime wants to open it before init can mount devtmpfs.
		{name: "dev/null", mode: 0o666},
	}
	if o.kernelDir != "" {
		modules, err := moduleEntries(ctx, o.kernelDir, o.modules)
		if err != nil {
			return err
		}
		content = append(content, modules...)
	}
	archive, err := pack(content)
	if err != nil {
		return err
	}
	return renameio.WriteFile(o.out, archive, 0o644)
}

func buildInit(ctx context.Context, arch string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "initrd-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "init")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-o", path, initPackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOFLAGS=")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build %s: %w", initPackage, err)
	}
	return os.ReadFile(path)
}
