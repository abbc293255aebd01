package models

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound says that there is no such row, or none that the scope may see.
	ErrNotFound = errors.New("not found")
	// ErrNoScope refuses a query whose scope was left out.
	ErrNoScope = errors.New("query has no scope; pass Member, Platform or Engine")
	// ErrBadCursor refuses a page cursor that this store did not make.
	ErrBadCursor = errors.New("cursor is not valid; start again from the first page")
	// ErrIdempotencyConflict refuses a key that was used before for other input.
	ErrIdempotencyConflict = errors.New("idempotency key was used before with other input; use a new key")
	// ErrUploadsFull refuses a file where its workspace keeps as many without use as it may.
	ErrUploadsFull = errors.New("this workspace keeps as many uploaded files that no run uses as it may; " +
		"start the runs that they are for, or wait: each goes a day after it was sent")
	// ErrExists refuses a second row with the same unique name.
	ErrExists = errors.New("already exists")
)

// ErrAlreadyActive refuses to start a run while another one of the same tenant, type and target is active.
type ErrAlreadyActive struct{ RunID string }

func (e ErrAlreadyActive) Error() string {
	return fmt.Sprintf("run %s of the same type and target is still active; wait for its end or cancel it", e.RunID)
}
