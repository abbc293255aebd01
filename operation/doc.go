// Package operation is the kit for authors of operation types. One call of
// Define turns work into an operation with a record, progress, cancel, retry,
// alerts and pages; the author writes what one chunk of the work does.
//
// It knows nothing of Temporal: an author's code is called again after a crash
// with the cursor of the chunk that did not end, so a chunk must be safe to
// repeat. Items that were recorded before are not counted twice.
package operation
