package operation

import "time"

// Next says how a run goes on after a chunk. Make it by Done, More, WaitFor or
// AwaitSignal.
type Next struct {
	Cursor string
	Done   bool
	Wait   *Wait
}

// Wait is a durable wait: the workflow keeps it, no worker is needed meanwhile.
type Wait struct {
	For    time.Duration
	Signal bool
	Reason string
}

// Done says that all chunks are done.
func Done() Next { return Next{Done: true} }

// More asks to be called again with a cursor.
func More(cursor string) Next { return Next{Cursor: cursor} }

// WaitFor asks to be called again with a cursor when d has passed. People read
// the reason.
func WaitFor(cursor string, d time.Duration, reason string) Next {
	return Next{Cursor: cursor, Wait: &Wait{For: d, Reason: reason}}
}

// AwaitSignal asks to be called again with a cursor when the run is woken, or
// when atMost has passed; Run.Woken tells which. A wake may come before its
// wait and twice, so look at what it was about.
func AwaitSignal(cursor string, atMost time.Duration, reason string) Next {
	return Next{Cursor: cursor, Wait: &Wait{For: atMost, Signal: true, Reason: reason}}
}
