package page

import (
	"strconv"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
	"github.com/opstruth/opstruth/workflows/contract"
)

// facts are the plain facts of a run, for whom the decision zone was not enough.
func (d RunData) facts(t lifecycle.Truth) []view.Fact {
	r, f := d.Run, d.Run.Facts
	at := func(when time.Time) view.Instant { return view.At(when, d.Now) }
	var list []view.Fact
	add := func(when bool, fact view.Fact) {
		if when {
			list = append(list, fact)
		}
	}
	add(true, view.Fact{Label: "Problem class", Value: t.ProblemClass.Label()})
	add(t.FollowUpText() != "", view.Fact{Label: "Follow-up", Value: t.FollowUpText()})
	add(true, view.Fact{Label: "Freshness", Value: t.Freshness.Badge().Label})
	add(true, view.Fact{Label: "Stuck", Value: t.LineageText()})
	by := f.Initiator
	if by == "" {
		by = "Nobody; started by opstruth"
	}
	add(true, view.Fact{Label: "Started by", Value: by})
	add(true, view.Fact{Label: "Queued", When: at(f.QueuedAt)})
	add(!f.StartedAt.IsZero(), view.Fact{Label: "Started", When: at(f.StartedAt)})
	add(!f.CompletedAt.IsZero(), view.Fact{Label: "Ended", When: at(f.CompletedAt)})
	add(!f.StartedAt.IsZero(), view.Fact{Label: "Took", Value: view.Took(t)})
	add(f.Status.Active(), view.Fact{Label: "Last heard", When: at(f.LivenessAt)})
	due := "Stuck if silent until"
	if t.ProblemClass == lifecycle.ActiveStaleAttention {
		due = "Likely stuck since"
	}
	add(f.Status.Active(), view.Fact{Label: due, When: at(f.StaleAt)})
	add(!r.Facts.VerifiedAt.IsZero(), view.Fact{Label: "Checked in Temporal", When: at(r.Facts.VerifiedAt)})
	add(len([]rune(f.Target)) > 80, view.Fact{Label: "Target", Value: f.Target}) // too long to be whole at the top
	add(true, view.Fact{Label: "Operation type", Value: f.Type, Mono: true})
	add(true, view.Fact{Label: "Queue", Value: f.Queue, Mono: true})
	add(true, view.Fact{Label: "Run", Value: r.ID, Mono: true, Copy: true})
	add(true, view.Fact{Label: "Workflow", Value: contract.WorkflowID(r.ID), Mono: true, Copy: true})
	return list
}

// stored is the evidence of the last verdict as it was stored, with the times at which it was so.
func stored(r models.Run, now time.Time) *view.Stored {
	f := r.Facts
	e, at, cause := f.Silence.Evidence, f.Silence.At, f.Silence.Cause
	s := view.Stored{Title: "Evidence of the last check"}
	if !f.Reconciliation.At.IsZero() {
		e, at, cause = f.Reconciliation.Evidence, f.Reconciliation.At, f.Reconciliation.Cause
		s.Title = "Evidence it was closed on"
	}
	if e.Answer == lifecycle.NotAsked {
		s.Note = "The reconciler has stored no evidence about this run: it had no reason to doubt it."
	}
	add := func(label, value string) {
		if value != "" {
			s.Facts = append(s.Facts, view.Fact{Label: label, Value: value})
		}
	}
	when := func(label string, t time.Time) {
		if !t.IsZero() {
			s.Facts = append(s.Facts, view.Fact{Label: label, When: view.At(t, now)})
		}
	}
	when("Judged", at)
	if !at.IsZero() {
		add("Cause", cause.Label())
	}
	if f.Silence.Times > 1 {
		add("Verified in a row", strconv.Itoa(f.Silence.Times)+" times, "+lifecycle.Span(f.Silence.For))
	}
	s.Facts = append(s.Facts, evidenceFacts(e, at, now)...)
	return &s
}
