package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// Invariant is something that must hold, and where it does not.
type Invariant struct {
	Name       string
	Looked     int // how many things it was held against
	Violations []string
}

func (i *Invariant) violated(format string, args ...any) {
	i.Violations = append(i.Violations, fmt.Sprintf(format, args...))
}

// Report is the verdict on a snapshot.
type Report struct {
	Invariants []Invariant
	Runs       int
	Outcomes   map[lifecycle.Outcome]int
	Flags      int // times in which a run was called likely stuck
	GapFlags   int // of those, disclosed as of a telemetry gap
	FalseFlags int // of those, of a run that worked or waited and whose signs could reach the record
	Causes     map[lifecycle.Cause]int
	Longest    time.Duration // flag
	Closes     int
	Faults     map[FaultKind]int
}

// Holds reports whether every invariant does.
func (r Report) Holds() bool {
	return !slices.ContainsFunc(r.Invariants, func(i Invariant) bool { return len(i.Violations) > 0 })
}

// Check holds a snapshot against every invariant.
func Check(s Snapshot) Report {
	r := Report{Runs: len(s.Runs), Outcomes: map[lifecycle.Outcome]int{}, Causes: map[lifecycle.Cause]int{}, Faults: map[FaultKind]int{}}
	for _, f := range s.Faults {
		r.Faults[f.Kind]++
	}
	for _, run := range s.Runs {
		r.Outcomes[run.Facts.Outcome]++
		if !run.Facts.Reconciliation.At.IsZero() {
			r.Closes++
		}
	}
	seen := Invariant{Name: "nothing wrong was seen while it ran", Looked: 1, Violations: s.Seen}
	r.Invariants = []Invariant{s.oneEnd(), s.outcomes(), s.notifications(), s.closes(), s.agreement(), s.items(), s.leftovers(), seen}
	r.Invariants = append(r.Invariants, s.flags(&r)...)
	return r
}

var terminal = []lifecycle.Kind{lifecycle.Finished, lifecycle.Adopted, lifecycle.Reconciled, lifecycle.CancelForced}

func (s Snapshot) oneEnd() Invariant {
	i := Invariant{Name: "a run ends once", Looked: len(s.Runs)}
	for _, r := range s.Runs {
		var ends []lifecycle.Kind
		for _, e := range r.Events {
			if slices.Contains(terminal, e.Kind) {
				ends = append(ends, e.Kind)
			}
		}
		switch {
		case r.Facts.Status != lifecycle.Completed:
			i.violated("%s is %s at the end", r.ID, r.Facts.Status)
		case len(ends) != 1:
			i.violated("%s has the ends %v", r.ID, ends)
		}
	}
	return i
}

func (s Snapshot) outcomes() Invariant {
	i := Invariant{Name: "a run ends as its work does", Looked: len(s.Runs)}
	for _, r := range s.Runs {
		want, got := r.Input.Outcome(), r.Facts.Outcome
		switch {
		case r.Want == ToBeClosed:
			want = lifecycle.Failed
		case r.Want == ToBeStopped && got == lifecycle.Cancelled:
			want = lifecycle.Cancelled
		}
		if got != want {
			i.violated("%s (%s) ended %s, want %s: %s %s", r.ID, r.Facts.Type, got, want, r.Facts.Failure.Code, r.Facts.Failure.Message)
		}
	}
	return i
}

func (s Snapshot) notifications() Invariant {
	i := Invariant{Name: "one notification per ended run, none before", Looked: len(s.Runs)}
	for _, r := range s.Runs {
		want := 0
		if r.Facts.Status == lifecycle.Completed {
			want = 1
		}
		if r.Notifications != want {
			i.violated("%s (%s) has %d notifications, want %d", r.ID, r.Facts.Status, r.Notifications, want)
		}
	}
	return i
}

func (s Snapshot) closes() Invariant {
	i := Invariant{Name: "closed are those that were lost, no other", Looked: len(s.Runs)}
	for _, r := range s.Runs {
		closed := !r.Facts.Reconciliation.At.IsZero()
		switch {
		case closed && r.Want != ToBeClosed:
			i.violated("%s (%s) was closed for %s after silence since %s", r.ID, r.Facts.Type, r.Facts.Reconciliation.Cause, clock(r.Facts.Reconciliation.SilentSince))
		case !closed && r.Want == ToBeClosed:
			i.violated("%s (%s) was not closed", r.ID, r.Facts.Type)
		case closed && r.Facts.Reconciliation.Cause != lifecycle.NoWorkers:
			i.violated("%s was closed for %s, want %s", r.ID, r.Facts.Reconciliation.Cause, lifecycle.NoWorkers)
		case closed && !lifecycle.Derive(r.Facts, r.Facts.CompletedAt).StaleLineage:
			i.violated("%s was closed and has no stale lineage", r.ID)
		}
	}
	return i
}

func (s Snapshot) agreement() Invariant {
	i := Invariant{Name: "record and Temporal agree", Looked: len(s.Runs)}
	for _, r := range s.Runs {
		if r.Facts.Status == lifecycle.Completed && !agrees(r) {
			i.violated("%s: the record says %s (closing %q), Temporal %+v", r.ID, r.Facts.Outcome, r.Facts.Closing.ID, r.Temporal)
		}
	}
	return i
}

func agrees(r Run) bool {
	t := r.Temporal
	ours := t.State == lifecycle.ExecTerminated && t.Reason != "" && t.Reason == r.Facts.Closing.ID && t.Reason == r.Facts.TerminalToken
	switch r.Facts.Outcome {
	case lifecycle.Cancelled:
		return t.State == lifecycle.ExecCancelled || ours
	case lifecycle.Failed:
		if !r.Facts.Reconciliation.At.IsZero() {
			return ours
		}
		return t.State == lifecycle.ExecFailed
	case lifecycle.Succeeded, lifecycle.PartiallySucceeded, lifecycle.Blocked:
		return t.State == lifecycle.ExecCompleted && t.Result == r.Facts.Outcome
	case lifecycle.Pending:
	}
	return false
}

func (s Snapshot) items() Invariant {
	i := Invariant{Name: "items are counted exactly", Looked: len(s.Runs)}
	for _, r := range s.Runs {
		c, stored := r.Facts.Counts, r.Items
		if c.Succeeded != stored[models.ItemSucceeded] || c.Failed != stored[models.ItemFailed] || c.Skipped != stored[models.ItemSkipped] ||
			c.Processed != c.Succeeded+c.Failed+c.Skipped {
			i.violated("%s counts %+v and has %v", r.ID, c, stored)
		}
		all, failed := r.Input.Total()
		if r.Want == ToEnd && (c.Processed != all || c.Failed != failed) {
			i.violated("%s counts %d items, %d failed; want %d, %d failed", r.ID, c.Processed, c.Failed, all, failed)
		}
	}
	return i
}

// leftovers are rows that nobody needs any more. A worker that was killed is remembered on purpose: people read when one
// was last seen.
func (s Snapshot) leftovers() Invariant {
	i := Invariant{Name: "nothing is left behind", Looked: len(s.Runs) + len(s.Rows)}
	for _, r := range s.Runs {
		if r.Facts.Status == lifecycle.Completed && (r.Liveness > 0 || r.Waits > 0) {
			i.violated("%s has ended and keeps %d rows of liveness and %d of waits", r.ID, r.Liveness, r.Waits)
		}
		if f := r.Facts; f.Closing.ID != "" && f.TerminalToken != f.Closing.ID {
			i.violated("%s keeps the claim %s of a close that did not happen", r.ID, f.Closing.ID)
		}
	}
	graceful := map[int]string{}
	for _, w := range s.Workers {
		for _, l := range w.Lives {
			if l.Graceful {
				graceful[l.PID] = w.Name
			}
		}
	}
	for _, row := range s.Rows {
		if name, ok := graceful[row.PID]; ok {
			i.violated("%s stopped in good order and keeps the row %s", name, row.ID)
		}
	}
	return i
}

func data(e models.Event) (d models.EventData) {
	_ = json.Unmarshal(e.Data, &d) // what cannot be read says nothing
	return d
}

func clock(t time.Time) string { return t.Format("15:04:05.000") }

// story tells of one run what a person needs to understand a violation.
func (w witness) story() string {
	var b strings.Builder
	for _, a := range w.attempts {
		fmt.Fprintf(&b, "\n      item %d attempt %d", a.Item, a.Number)
		for _, s := range a.alive {
			fmt.Fprintf(&b, " %s-%s", clock(s.from), clock(s.to))
		}
		fmt.Fprintf(&b, " %s", orKilled(a.how))
	}
	for _, e := range w.run.Events {
		fmt.Fprintf(&b, "\n      %s %s %s", clock(e.At), e.Kind, e.Data)
	}
	return b.String()
}

func orKilled(how string) string {
	if how == "" {
		return "cut off with its process"
	}
	return how
}
