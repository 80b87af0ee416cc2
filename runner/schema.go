package runner

import _ "embed"

// schemaJSON is generated from the Go types: go test -run TestSchema -update.
//
//go:embed spec.schema.json
var schemaJSON string

// Schema returns the JSON Schema (draft 2020-12) of a spec.
func Schema() string { return schemaJSON }
