package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Document is a file that is written for the hypervisor, and removed after it.
type Document struct {
	Header
	Path    string `json:"path"`
	Content string `json:"content"`
}

// NewDocument plans a file that only its owner reads.
func NewDocument(path, content string) *Document {
	return &Document{Header{Kind: "document"}, path, content}
}

func (d *Document) String() string {
	return fmt.Sprintf("document %s (%d bytes)", d.Path, len(d.Content))
}

// Check finds a directory that is missing.
func (d *Document) Check(context.Context) error {
	if _, err := os.Stat(filepath.Dir(d.Path)); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return nil
}

// Up writes the file whole, over one that a killed run left.
func (d *Document) Up(context.Context) (func() error, error) {
	if err := renameio.WriteFile(d.Path, []byte(d.Content), 0o600); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return func() error {
		if err := os.Remove(d.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("document: %w", err)
		}
		return nil
	}, nil
}
