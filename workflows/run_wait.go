package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/workflows/contract"
)

// wait keeps a durable wait: it is declared first, so that silence is expected,
// and ends by its time, by a wake where it awaits one, or by a cancel.
func (r *run) wait(ctx workflow.Context, w contract.Wait) error {
	r.waits++
	input := contract.WaitInput{RunID: r.in.RunID, WaitID: r.waitID(ctx), Wait: w}
	record := workflow.WithActivityOptions(ctx, recordOptions())
	if err := r.step(record, contract.ActivityRecordWait, input, nil); err != nil {
		return err
	}
	r.answer.Wait = &w
	woken, err := r.sleep(ctx, w)
	r.answer.Wait = nil
	if err != nil {
		return err // a cancel: the terminal record ends the wait
	}
	r.in.Woken = woken
	return r.step(record, contract.ActivityEndWait, contract.WaitInput{RunID: r.in.RunID, WaitID: input.WaitID}, nil)
}

func (r *run) sleep(ctx workflow.Context, w contract.Wait) (woken bool, err error) {
	timers, stopTimer := workflow.WithCancel(ctx)
	defer stopTimer()
	selector := workflow.NewNamedSelector(ctx, "wait")
	selector.AddFuture(workflow.NewTimer(timers, w.For), func(f workflow.Future) { err = f.Get(ctx, nil) })
	if w.Signal {
		selector.AddReceive(workflow.GetSignalChannel(ctx, contract.WakeSignal), func(c workflow.ReceiveChannel, _ bool) {
			c.Receive(ctx, nil)
			woken = true
		})
	}
	selector.Select(ctx)
	return woken, err
}
