package operation

import (
	"fmt"

	"github.com/opstruth/opstruth/lifecycle"
)

// OutcomeOf is how a run ends that did all its chunks: its items decide. Items
// that were planned and never reached are missing work, not done work.
func OutcomeOf(c lifecycle.Counts) (lifecycle.Outcome, lifecycle.Failure) {
	if missing := c.Total - c.Processed; missing > 0 {
		return lifecycle.PartiallySucceeded, lifecycle.Failure{
			Code: "items_missing", Message: fmt.Sprintf("%d of %d planned items were not reached", missing, c.Total),
		}
	}
	switch {
	case c.Failed == 0:
		return lifecycle.Succeeded, lifecycle.Failure{}
	case c.Failed == c.Processed:
		return lifecycle.Failed, lifecycle.Failure{Code: "items_failed", Message: "every item failed"}
	}
	return lifecycle.PartiallySucceeded, lifecycle.Failure{
		Code: "items_failed", Message: fmt.Sprintf("%d of %d items failed", c.Failed, c.Processed),
	}
}
