package lifecycle

// End is how a run ends that nothing else stopped: its items decide. Items that
// were planned and never reached are missing work, not done work.
func (c Counts) End() (Outcome, Failure) {
	if missing := c.Total - c.Processed; missing > 0 {
		return PartiallySucceeded, Failure{
			Code: "items_missing", Message: Number(missing) + " of " + Number(c.Total) + " planned items were not reached",
		}
	}
	switch {
	case c.Failed == 0:
		return Succeeded, Failure{}
	case c.Failed == c.Processed:
		return Failed, Failure{Code: codeItemsFailed, Message: "every item failed"}
	}
	return PartiallySucceeded, Failure{
		Code: codeItemsFailed, Message: Number(c.Failed) + " of " + Number(c.Processed) + " items failed",
	}
}
