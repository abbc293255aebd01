package start

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// callLimit bounds one call to Temporal. A person waits for the first one.
const callLimit = 3 * time.Second

// Temporal is what is needed of Temporal to start a workflow.
type Temporal interface {
	ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
}

// DispatchRecord is where a dispatch is stamped.
type DispatchRecord interface {
	SetDispatched(ctx context.Context, runID, firstRunID, namespace, cluster string) error
}

// Home says which namespace and cluster workflows are started in, by the ids
// that do not change.
type Home func(ctx context.Context) (namespaceID, clusterID string, err error)

// Dispatcher starts the workflows of stored runs.
type Dispatcher struct {
	Temporal Temporal
	Record   DispatchRecord
	Home     Home
	Timing   lifecycle.Timing
}

// Dispatch starts the workflow of a stored run and stamps the run with where it
// did. A workflow that exists already is a success: there is one per run.
func (d *Dispatcher) Dispatch(ctx context.Context, run models.Run) error {
	namespace, cluster, err := d.Home(ctx)
	if err != nil {
		return err
	}
	first, err := d.start(ctx, run)
	if err != nil {
		return fmt.Errorf("start the workflow of run %s: %w", run.ID, err)
	}
	err = d.Record.SetDispatched(ctx, run.ID, first, namespace, cluster)
	// A quick run may have ended by now, which needs no stamp any more.
	if err != nil && !errors.Is(err, lifecycle.ErrUnchanged) && !errors.Is(err, lifecycle.ErrEnded) {
		return fmt.Errorf("record the dispatch of run %s: %w", run.ID, err)
	}
	return nil
}

func (d *Dispatcher) start(ctx context.Context, run models.Run) (firstRunID string, err error) {
	calling, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	id := contract.WorkflowID(run.ID)
	started, err := d.Temporal.ExecuteWorkflow(calling, client.StartWorkflowOptions{
		ID:                                       id,
		TaskQueue:                                run.Facts.Queue,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            run.Facts.Type + " " + run.Facts.Target,
	}, contract.RunWorkflow, contract.NewRunInput(run.ID, run.Facts.Type, run.Facts.Policy, d.Timing))
	if err == nil {
		return started.GetRunID(), nil
	}
	var exists *serviceerror.WorkflowExecutionAlreadyStarted
	if !errors.As(err, &exists) {
		return "", err
	}
	// The chain may have gone on as new since, so the error's run id is not its first.
	asking, done := context.WithTimeout(ctx, callLimit)
	defer done()
	d2, err := d.Temporal.DescribeWorkflowExecution(asking, id, "")
	if err != nil {
		return "", err
	}
	return d2.GetWorkflowExecutionInfo().GetFirstRunId(), nil
}
