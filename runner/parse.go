package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxSpecBytes bounds a document; a real one has a few KiB.
const maxSpecBytes = 1 << 20

// ParseSpec reads a spec. It is strict: a newer version, fields that do not
// exist (all of them are named), duplicate keys, wrong types and trailing data
// are errors. What is absent takes microvm.nix's default. It does not judge
// values: Validate does.
func ParseSpec(r io.Reader) (*Spec, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxSpecBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	if len(b) > maxSpecBytes {
		return nil, fmt.Errorf("spec is larger than %d MiB", maxSpecBytes>>20)
	}
	if err := checkVersion(b); err != nil {
		return nil, err
	}
	if err := checkKeys(b, &Spec{}); err != nil {
		return nil, err
	}
	s := defaultSpec()
	if err := json.Unmarshal(b, s); err != nil {
		return nil, specError(err)
	}
	s.complete()
	return s, nil
}

// ReadSpec parses the spec in a file.
func ReadSpec(path string) (*Spec, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := ParseSpec(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Write prints the spec as indented JSON with every default filled in.
func (s *Spec) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(s)
}

func checkVersion(b []byte) error {
	var v struct {
		Version *int `json:"version"`
	}
	err := json.Unmarshal(b, &v)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		return nil // checkKeys says where
	case err != nil:
		return specError(err)
	case v.Version == nil:
		return hinted(errors.New(`spec has no "version"`), "add \"version\": %d", SpecVersion)
	case *v.Version > SpecVersion:
		return hinted(fmt.Errorf("spec has version %d, but this microvm reads version %d", *v.Version, SpecVersion),
			"the spec was made by a newer microvm: update this one, or build the runner with the older flake")
	case *v.Version < 1:
		return fmt.Errorf("spec has version %d, but this microvm reads version %d", *v.Version, SpecVersion)
	}
	return nil
}

// specError words the errors of encoding/json for somebody who reads a spec.
func specError(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("spec is not JSON: at byte %d: %w", syntax.Offset, err)
	}
	return fmt.Errorf("spec: %w", err)
}

// Clone returns a deep copy.
func (s *Spec) Clone() *Spec {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(s); err != nil {
		panic(fmt.Sprintf("runner: a parsed spec does not encode: %v", err))
	}
	c := defaultSpec()
	if err := json.Unmarshal(b.Bytes(), c); err != nil {
		panic(fmt.Sprintf("runner: an encoded spec does not decode: %v", err))
	}
	c.complete()
	return c
}
