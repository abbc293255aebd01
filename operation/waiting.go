package operation

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/internal/waits"
)

// Waiting declares, in the code of a wrapped workflow, a wait that cannot be seen
// from outside: for a signal, an update or a condition. It lasts until done is
// called, at most for so long. People read the reason. Timers need no such call.
//
//	done := operation.Waiting(ctx, "an approval", 24*time.Hour)
//	workflow.GetSignalChannel(ctx, "approve").Receive(ctx, &by)
//	done()
//
// Outside opstruth, as in the workflow's own tests, it does nothing.
func Waiting(ctx workflow.Context, reason string, atMost time.Duration) (done func()) {
	tracker := waits.From(ctx)
	if tracker == nil {
		return func() {}
	}
	return tracker.State(waits.Wait{Until: workflow.Now(ctx).Add(atMost), Reason: reason})
}
