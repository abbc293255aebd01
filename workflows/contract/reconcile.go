package contract

import "time"

// Activities of a reconciler's pass, in the order in which it does them.
const (
	ActivityDeliver = "opstruth.reconcile_deliver" // dispatch, cancels, ends that the record missed
	ActivityVerify  = "opstruth.reconcile_verify"  // one batch of the runs that are due
	ActivitySettle  = "opstruth.reconcile_settle"  // breakers, closes, the end of the pass
)

// ReconcileSchedule is the id of the schedule that starts the passes.
const ReconcileSchedule = "opstruth-reconcile"

// Cursors are where lists that one pass cannot end go on in the next; see the record's.
type Cursors struct {
	Dispatch string `json:"dispatch,omitempty"`
	Cancel   string `json:"cancel,omitempty"`
	Verify   string `json:"verify,omitempty"`
}

// DeliverResult is what the first step of a pass did.
type DeliverResult struct {
	Cursors    Cursors   `json:"cursors,omitzero"`      // of its own lists, and where to begin to verify
	Answered   bool      `json:"answered"`              // Temporal did
	Force      []string  `json:"force,omitempty"`       // runs whose cancel has to be forced now
	ClosedUpTo time.Time `json:"closed_up_to,omitzero"` // Temporal's clock: ends before it were looked at
}

// VerifyInput asks for the batch after a cursor; empty for the first.
type VerifyInput struct {
	After string `json:"after,omitempty"`
}

// VerifyResult is a verified batch. Next is empty after the last one.
type VerifyResult struct {
	Next     string         `json:"next,omitempty"`
	Answered bool           `json:"answered"`           // Temporal did, about one run at least, or none was due
	Close    []string       `json:"close,omitempty"`    // runs to close, or whose closing was interrupted
	Suspects map[string]int `json:"suspects,omitempty"` // silences that Temporal does not confirm, by task queue
}

// SettleInput is what the whole pass found.
type SettleInput struct {
	Pass       string         `json:"pass,omitempty"` // the id of this pass's execution
	Answered   bool           `json:"answered"`
	Close      []string       `json:"close,omitempty"`
	Suspects   map[string]int `json:"suspects,omitempty"`
	ClosedUpTo time.Time      `json:"closed_up_to,omitzero"`
	Cursors    Cursors        `json:"cursors,omitzero"`
	Took       time.Duration  `json:"took"` // the pass so far
}
