package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/workflows/contract"
)

const (
	// maxBatches bounds a pass's history. What is left over is due first in the next one.
	maxBatches = 100
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
	settle := contract.SettleInput{Answered: delivered.Answered, Close: delivered.Force, Suspects: map[string]int{}, ClosedUpTo: delivered.ClosedUpTo}
	var batch contract.VerifyResult
	for i := 0; settle.Answered && i < maxBatches; i++ {
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
	settle.Took = workflow.Now(ctx).Sub(started)
	settle.Close = settle.Close[:min(len(settle.Close), maxCloses)]
	return workflow.ExecuteActivity(ctx, contract.ActivitySettle, settle).Get(ctx, nil)
}

// RegisterReconcile registers the reconcile workflow with a worker or a test environment.
func RegisterReconcile(reg worker.WorkflowRegistry) {
	reg.RegisterWorkflowWithOptions(Reconcile, workflow.RegisterOptions{Name: contract.ReconcileWorkflow})
}
