package lifecycle

// ended is the verdict on a run whose workflow has closed.
func (j judgement) ended() Verdict {
	v := Verdict{Action: Adopt, Cause: ClosedElsewhere}
	if id := j.f.Closing.ID; id != "" && j.e.Execution == ExecTerminated && j.e.CloseReason == id {
		v.Ours = true
		v.Cause = j.f.Closing.Cause
	}
	v.Outcome, v.Failure = adoptedEnd(j.f, j.e)
	if v.Ours && v.Cause == NoCause { // a forced cancel
		v.Outcome, v.Failure = Cancelled, Failure{}
	}
	return v
}

// adoptedEnd translates how Temporal says that a workflow ended.
func adoptedEnd(f Facts, e Evidence) (Outcome, Failure) {
	by := ""
	if e.ClosedBy != "" {
		by = " by " + e.ClosedBy
	}
	why := ""
	if e.CloseReason != "" {
		why = ": " + e.CloseReason
	}
	switch e.Execution {
	case ExecCompleted:
		return completedEnd(f, e)
	case ExecCancelled:
		if !f.Cancel.At.IsZero() {
			return Cancelled, Failure{}
		}
		return Cancelled, Failure{Code: CodeCancelledInTemporal, Message: "cancelled in Temporal" + by}
	case ExecTerminated:
		return Failed, Failure{Code: CodeTerminatedInTemporal, Message: "terminated in Temporal" + by + why}
	case ExecTimedOut:
		return Failed, Failure{Code: CodeTimedOutInTemporal, Message: "workflow timed out in Temporal"}
	case ExecFailed, ExecRunning:
	}
	return Failed, Failure{Code: CodeFailedInTemporal, Message: "workflow failed" + why}
}

// completedEnd takes the workflow's own result, or else what the record's counts
// prove. Success that neither shows is not assumed.
func completedEnd(f Facts, e Evidence) (Outcome, Failure) {
	switch e.Result {
	case Succeeded, PartiallySucceeded, Failed, Blocked, Cancelled:
		return e.Result, Failure{}
	case Pending:
	}
	if c := f.Counts; c.Total > 0 && c.Processed >= c.Total {
		return c.End()
	}
	return Failed, Failure{Code: CodeResultUnknown, Message: "workflow completed without a readable result: check the target"}
}
