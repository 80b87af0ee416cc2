package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// readModule returns the ELF file, which distributions compress in their own ways.
func readModule(ctx context.Context, path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	switch filepath.Ext(path) {
	case ".xz":
		data, err = filter(ctx, data, "xz")
	case ".zst":
		data, err = filter(ctx, data, "zstd")
	case ".gz":
		data, err = gunzip(data)
	}
	if err != nil {
		return nil, fmt.Errorf("decompress %q: %w", path, err)
	}
	return data, nil
}

func filter(ctx context.Context, data []byte, tool string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, tool, "-dc")
	cmd.Stdin = bytes.NewReader(data)
	cmd.Stderr = os.Stderr
	return cmd.Output()
}

func gunzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
