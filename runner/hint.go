package runner

import "fmt"

// hintError is an error with advice; the command prints the advice as "hint:".
type hintError struct {
	error
	hint string
}

// Hint is what the user can do about it.
func (e *hintError) Hint() string  { return e.hint }
func (e *hintError) Unwrap() error { return e.error }

func hinted(err error, format string, args ...any) error {
	return &hintError{err, fmt.Sprintf(format, args...)}
}
