package sample

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"gorm.io/gorm"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/simulate"
	"github.com/opstruth/opstruth/workflows/contract"
)

// What is kept of the fleet's ended runs. The product itself never removes a run; the fleet does, so that a demo that is
// left running does not fill the disk. Runs that people started stay.
const (
	keepSimulated = 150
	keepInventory = 18 // three of each tenant, with their snapshots
	pruneAtOnce   = 50
)

// Workflows is what of Temporal the fleet cleans up.
type Workflows interface {
	DeleteWorkflowExecution(ctx context.Context, r *workflowservice.DeleteWorkflowExecutionRequest, o ...grpc.CallOption) (*workflowservice.DeleteWorkflowExecutionResponse, error)
}

// dependents hold rows of a run, in the order in which they may go.
var dependents = []string{
	"notification_reads", "notifications", "run_events", "run_items", "run_artifacts", "run_artifact_parts", "inventory_snapshots",
}

// old are the ended runs of the fleet beyond those to keep, but none that another run points at.
const old = `SELECT id FROM (
	SELECT id FROM operation_runs r WHERE status = 'completed' AND initiator = ? AND initiator_id IS NULL AND type IN ?
	ORDER BY queued_at DESC, id DESC LIMIT ? OFFSET ?) aged
WHERE NOT EXISTS (SELECT 1 FROM operation_runs o WHERE o.retry_of = aged.id)
  AND NOT EXISTS (SELECT 1 FROM operation_runs o WHERE o.superseded_by = aged.id AND (o.initiator <> ? OR o.initiator_id IS NOT NULL))`

// prune removes the fleet's old runs, some at a time, and returns which.
func prune(ctx context.Context, store *models.Store) (removed []string, err error) {
	for _, c := range []struct {
		types []string
		keep  int
	}{
		{[]string{simulate.Name, simulate.UnattendedName}, keepSimulated},
		{[]string{inventorySync}, keepInventory},
	} {
		err := store.DB().WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			var ids []string
			if err := tx.Raw(old, FleetName, c.types, pruneAtOnce, c.keep, FleetName).Scan(&ids).Error; err != nil || len(ids) == 0 {
				return err
			}
			for _, table := range dependents {
				if err := tx.Exec("DELETE FROM "+table+" WHERE run_id IN ?", ids).Error; err != nil {
					return err
				}
			}
			removed = append(removed, ids...)
			return tx.Exec("DELETE FROM operation_runs WHERE id IN ?", ids).Error
		})
		if err != nil {
			return nil, fmt.Errorf("remove old runs of the sample fleet: %w", err)
		}
	}
	return removed, nil
}

// forget removes the workflows of removed runs, which would otherwise stay for as long as Temporal retains them. What
// cannot be removed now ends with that time.
func (f *Fleet) forget(ctx context.Context, runs []string) {
	for _, id := range runs {
		_, err := f.Temporal.DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
			Namespace: f.Namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: contract.WorkflowID(id)},
		})
		if err != nil {
			f.Logger.DebugContext(ctx, "the workflow of a removed run stays until Temporal forgets it", "run", id, "error", err)
			return
		}
	}
}
