package lifecycle

import "fmt"

// End is how a run ends that nothing else stopped: its items decide. Items that
// were planned and never reached are missing work, not done work.
func (c Counts) End() (Outcome, Failure) {
	if missing := c.Total - c.Processed; missing > 0 {
		return PartiallySucceeded, Failure{
			Code: "items_missing", Message: fmt.Sprintf("%d of %d planned items were not reached", missing, c.Total),
		}
	}
	switch {
	case c.Failed == 0:
		return Succeeded, Failure{}
	case c.Failed == c.Processed:
		return Failed, Failure{Code: "items_failed", Message: "every item failed"}
	}
	return PartiallySucceeded, Failure{
		Code: "items_failed", Message: fmt.Sprintf("%d of %d items failed", c.Failed, c.Processed),
	}
}
