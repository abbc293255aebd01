// Package causes holds the tests that produce every cause of silence for real: a Temporal server, worker processes that
// are killed, and the reconciler between them and the record. It has no code of its own.
package causes
