package operation

import (
	"errors"
	"slices"
	"strings"
)

// BlockedError ends a run as blocked: people read Message and put it right.
type BlockedError struct{ Message string }

func (e *BlockedError) Error() string { return e.Message }

// Blocked says that a precondition or a permission stops the run before work.
// The message tells an operator what to do.
func Blocked(message string) error { return &BlockedError{message} }

// PermanentError ends a run as failed: no retry would help.
type PermanentError struct {
	Code string
	Err  error
}

func (e *PermanentError) Error() string { return e.Err.Error() }
func (e *PermanentError) Unwrap() error { return e.Err }

// Permanent ends the run as failed. Any other error of an author's function is
// retried with a growing pause until it passes or the run is cancelled; what
// fails for one item only is recorded by Run.Failed and not returned.
func Permanent(err error) error { return &PermanentError{Code: "operation_failed", Err: err} }

// ErrCutOff is the cause of a context that ends because the run goes on without
// this worker: it has ended, or another worker has taken it over.
var ErrCutOff = errors.New("run goes on without this worker")

// ErrHandover is the cause of a context that ends because the worker was told
// to stop: another worker goes on at once.
var ErrHandover = errors.New("worker is stopping and hands over")

// ErrCancelAsked is the cause of a context that ends because somebody asked to
// cancel the run: what was recorded stays, and nothing comes after it.
var ErrCancelAsked = errors.New("run is to be cancelled")

// FieldErrors refuses an input, with what is wrong by the field's name. The
// empty name is the input as a whole.
type FieldErrors map[string]string

func (e FieldErrors) Error() string { return "input is not valid: " + e.Detail() }

// Detail is what is wrong, for those who know already that something is.
func (e FieldErrors) Detail() string {
	parts := make([]string, 0, len(e))
	for name, message := range e {
		if name != "" {
			message = name + " " + message
		}
		parts = append(parts, message)
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}
