package flake

import (
	"context"
	"errors"
	"time"

	"github.com/tidwall/gjson"
)

// Metadata is what `nix flake metadata` knows of a flake. Which fields are set depends on where the flake comes from and on the
// version of nix; only URL is always there.
type Metadata struct {
	Description string
	// OriginalURL is the reference as it was given, URL the locked one: both in the form that ParseRef reads.
	OriginalURL, URL string
	// Path is the source in the store. Determinate Nix may leave it out.
	Path string
	// Revision is a commit; with uncommitted changes it is empty and DirtyRevision is set by newer versions of nix.
	Revision, DirtyRevision string
	NarHash                 string
	// Fingerprint identifies the content with all inputs; Nix 2.19 and later.
	Fingerprint  string
	LastModified time.Time
}

// Metadata fetches the flake that ref names, if need be, and describes it. Ref's attribute path plays no part.
func (c *CLI) Metadata(ctx context.Context, ref Ref) (Metadata, error) {
	out, err := c.run(ctx, c.flakeArgs([]string{"flake", "metadata", "--json"}, ref.URL)...)
	if err != nil {
		return Metadata{}, err
	}
	return parseMetadata(out)
}

func parseMetadata(out []byte) (Metadata, error) {
	m := gjson.ParseBytes(out)
	if !gjson.ValidBytes(out) || m.Get("url").String() == "" {
		return Metadata{}, errors.New("nix printed flake metadata in an unknown form: it has no \"url\"")
	}
	md := Metadata{
		Description:   m.Get("description").String(),
		OriginalURL:   m.Get("originalUrl").String(),
		URL:           m.Get("url").String(),
		Path:          m.Get("path").String(),
		Revision:      m.Get("revision").String(),
		DirtyRevision: m.Get("dirtyRevision").String(),
		NarHash:       m.Get("locked.narHash").String(),
		Fingerprint:   m.Get("fingerprint").String(),
	}
	if t := m.Get("lastModified"); t.Int() > 0 {
		md.LastModified = time.Unix(t.Int(), 0)
	}
	return md, nil
}
