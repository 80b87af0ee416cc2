package flake

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Implementation is one of the programs called nix.
type Implementation string

// The implementations that are told apart; a fork that is none of them counts as Nix.
const (
	Nix            Implementation = "Nix"
	Lix            Implementation = "Lix"
	DeterminateNix Implementation = "Determinate Nix"
)

// Version is what `nix --version` says.
type Version struct {
	Impl Implementation
	// Number is the version that features are counted by: "2.8.0", "2.35.0pre20251120_b1e1e55". Lix continues from Nix 2.18 at 2.90.
	Number string
	// Vendor is Determinate's own version, "3.8.2"; "" for the others.
	Vendor       string
	Major, Minor int
}

func (v Version) String() string {
	if v.Vendor != "" {
		return fmt.Sprintf("%s %s (Nix %s)", v.Impl, v.Vendor, v.Number)
	}
	return fmt.Sprintf("%s %s", v.Impl, v.Number)
}

// AtLeast compares with a version of Nix.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

var versionPattern = regexp.MustCompile(`^nix \(([^()]*)\) ((\d{1,6})\.(\d{1,6})\S*)\s*$`)

// parseVersion reads `nix (Nix) 2.8.0`, `nix (Lix, like Nix) 2.93.0` and `nix (Determinate Nix 3.8.2) 2.30.1`.
func parseVersion(line string) (Version, error) {
	m := versionPattern.FindStringSubmatch(line)
	if m == nil {
		return Version{}, fmt.Errorf("cannot read the version of nix from %q", line)
	}
	v := Version{Impl: Nix, Number: m[2]}
	switch vendor, determinate := strings.CutPrefix(m[1], string(DeterminateNix)); {
	case determinate:
		v.Impl, v.Vendor = DeterminateNix, strings.TrimSpace(vendor)
	case strings.HasPrefix(m[1], string(Lix)):
		v.Impl = Lix
	}
	var err error
	if v.Major, err = strconv.Atoi(m[3]); err != nil {
		return Version{}, err
	}
	if v.Minor, err = strconv.Atoi(m[4]); err != nil {
		return Version{}, err
	}
	return v, nil
}

// Version asks nix once; the answer is kept.
func (c *CLI) Version(ctx context.Context) (Version, error) {
	c.versionMu.Lock()
	defer c.versionMu.Unlock()
	if c.version != nil {
		return *c.version, nil
	}
	out, err := c.run(ctx, "--version")
	if err != nil {
		return Version{}, err
	}
	v, err := parseVersion(strings.TrimSpace(string(out)))
	if err != nil {
		return Version{}, err
	}
	c.version = &v
	return v, nil
}
