package flake

import (
	"fmt"
	"slices"
	"strings"
)

// MissingAttr is an attribute that a flake does not have.
type MissingAttr struct {
	Ref  Ref
	Attr []string
	Name string
	// Existing are the names that there are at Attr.
	Existing []string
}

func (e *MissingAttr) Error() string {
	path := strings.Join(quoteAttrs(slices.Concat(e.Attr, []string{e.Name})), ".")
	return fmt.Sprintf("flake %q does not provide %s", e.Ref.URL, path)
}

const maxListed = 30

// Hint lists the names that exist.
func (e *MissingAttr) Hint() string {
	where := strings.Join(quoteAttrs(e.Attr), ".")
	if len(e.Existing) == 0 {
		return fmt.Sprintf("it has nothing in %s; `nix flake show %s` lists what there is", where, quoteArgs([]string{e.Ref.URL}))
	}
	listed, more := e.Existing, ""
	if len(listed) > maxListed {
		listed, more = listed[:maxListed], fmt.Sprintf(" and %d more", len(e.Existing)-maxListed)
	}
	return fmt.Sprintf("%s has %s%s", where, strings.Join(quoteAttrs(listed), ", "), more)
}
