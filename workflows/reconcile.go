package workflows

import (
	"hash/fnv"
	"time"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/workflows/contract"
)

const (
	// maxBatches bounds a pass's history, and verifyFor its time: a pass has a minute, of which the last steps may need
	// much. Where it stops the next one goes on.
	maxBatches = 100
	verifyFor  = 15 * time.Second
	// maxCloses bounds what one pass closes, so that it ends in time; the rest follows in the next ones.
	maxCloses = 50
)

// Reconcile is one pass of the reconciler, started by a schedule. It carries ids and counts only: every decision is made
// in the activities, from the record and from what Temporal says at that moment, so a pass that is cut off anywhere
// leaves nothing half decided to the next one.
func Reconcile(ctx workflow.Context) error {
	started := workflow.Now(ctx)
	ctx = workflow.WithActivityOptions(ctx, passStep())
	var delivered contract.DeliverResult
	if err := workflow.ExecuteActivity(ctx, contract.ActivityDeliver).Get(ctx, &delivered); err != nil {
		return err
	}
	settle := contract.SettleInput{
		Pass: workflow.GetInfo(ctx).WorkflowExecution.RunID, Answered: delivered.Answered, Close: delivered.Force,
		Suspects: map[string]int{}, ClosedUpTo: delivered.ClosedUpTo, Cursors: delivered.Cursors,
	}
	batch := contract.VerifyResult{Next: delivered.Cursors.Verify}
	for i := 0; settle.Answered && i < maxBatches && workflow.Now(ctx).Sub(started) < verifyFor; i++ {
		in := contract.VerifyInput{After: batch.Next}
		batch = contract.VerifyResult{}
		if err := workflow.ExecuteActivity(ctx, contract.ActivityVerify, in).Get(ctx, &batch); err != nil {
			return err
		}
		settle.Answered = batch.Answered
		settle.Close = append(settle.Close, batch.Close...)
		for queue, n := range batch.Suspects {
			settle.Suspects[queue] += n
		}
		if batch.Next == "" {
			break
		}
	}
	settle.Cursors.Verify = batch.Next
	settle.Took = workflow.Now(ctx).Sub(started)
	settle.Close = turn(settle.Close, started)
	return workflow.ExecuteActivity(ctx, contract.ActivitySettle, settle).Get(ctx, nil)
}

// turn picks the runs that a pass may close. Where they are too many it begins elsewhere in each pass, drawn by lot from
// its time: some of them may be impossible to close, and must not stand before the others for ever.
func turn(ids []string, pass time.Time) []string {
	if len(ids) <= maxCloses {
		return ids
	}
	windows := (len(ids) + maxCloses - 1) / maxCloses
	lot := fnv.New32a()
	_, _ = lot.Write([]byte(pass.UTC().Format(time.RFC3339))) // it never fails
	from := int(lot.Sum32()%uint32(windows)) * maxCloses
	return ids[from:min(from+maxCloses, len(ids))]
}

// RegisterReconcile registers the reconcile workflow with a worker or a test environment.
func RegisterReconcile(reg worker.WorkflowRegistry) {
	reg.RegisterWorkflowWithOptions(Reconcile, workflow.RegisterOptions{Name: contract.ReconcileWorkflow})
}
