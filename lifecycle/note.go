package lifecycle

// ReconciliationNote says whether opstruth closed the run, or when it would.
// Reconciled never means repaired, and the note says so.
func (t Truth) ReconciliationNote() string {
	f := &t.facts
	switch {
	case t.State == StateReconciled:
		return "Reconciled: closed on evidence, not repaired."
	case f.Status == Completed && f.forced():
		return "Not reconciled: a forced cancel ended it."
	case f.Status == Completed && f.Failure.elsewhere():
		return "Not reconciled: its end was taken from Temporal."
	case f.Status == Completed:
		return "Not reconciled: it ended by itself."
	case t.ProblemClass == NoProblem:
		return "Still active, not reconciled."
	case f.Check.Gap:
		return "Still active, not reconciled; closing pauses during a telemetry gap."
	}
	return t.closingNote()
}

// closingNote says when a stuck run would be closed.
func (t Truth) closingNote() string {
	f := &t.facts
	after := f.Policy.closeLimit(t.Cause, f.Silence.Evidence)
	switch {
	case t.Cause == WorkflowMissing && f.Policy.CloseMissing:
		return "Still active, not reconciled; to be closed at the second check."
	case after > 0 && !f.Silence.Evidence.RecordsEnd:
		return "Still active, not reconciled; to be closed after " + Span(after) + " of verified silence."
	}
	return "Still active, not reconciled, and not closed for this cause."
}
