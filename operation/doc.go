// Package operation is the kit for authors of operation types. One call of
// Define turns work into an operation with a record, progress, cancel, retry,
// alerts and pages; the author writes what one chunk of the work does.
//
// An author's code needs to know nothing of Temporal: it is called again after a
// crash with the cursor of the chunk that did not end, or of one some seconds
// before it, so a chunk must be safe to repeat. Items that were recorded before
// are not counted twice. Chunks may be as small as one item: those that are quick
// share one activity.
package operation
