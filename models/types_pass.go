package models

import "time"

// Cursors are where the next pass goes on in its lists, each the id of a run; empty: at the beginning. A pass does as
// much of a list as it has time for, so that what is stuck at the head of one cannot starve the rest.
type Cursors struct {
	Dispatch string `json:"dispatch,omitempty"`
	Cancel   string `json:"cancel,omitempty"`
	Verify   string `json:"verify,omitempty"`
	Audit    string `json:"audit,omitempty"`
	// Pass is which pass left them, and with them its breakers and its audit: the id of its workflow's execution.
	Pass string `json:"pass,omitempty"`
}

// Audit is what comparing the record with the workflows themselves has found.
type Audit struct {
	At            time.Time        `json:"at,omitzero"`             // of the last pass that compared
	Asked         int              `json:"asked,omitempty"`         // by that pass
	Answered      int              `json:"answered,omitempty"`      // of those
	Disagreements int64            `json:"disagreements,omitempty"` // ever
	Doubts        map[string]Doubt `json:"doubts,omitempty"`        // by run id: those that differed when last compared
}

// Doubt is one run about which the record and its workflow differ.
type Doubt struct {
	What  string    `json:"what"` // "status", "ended" or "outcome"
	Since time.Time `json:"since"`
	// Confirmed says that two comparisons in a row found the same. Before that it may be a record that is being written.
	Confirmed bool `json:"confirmed,omitempty"`
}

// Standing counts the confirmed differences that the last pass found.
func (a Audit) Standing() (n int) {
	for _, d := range a.Doubts {
		if d.Confirmed {
			n++
		}
	}
	return n
}
