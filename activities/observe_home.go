package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/workflowservice/v1"
)

// retentionMargin is kept from the end of a namespace's retention: a workflow is deleted some time after it, and
// "not found" proves a loss only while it could not have been deleted.
const retentionMargin = time.Hour

// Home is the namespace and cluster that answers, by the ids that do not change when a name is given anew.
type Home struct {
	NamespaceID string
	ClusterID   string
	Retention   time.Duration // of closed workflows
}

// AskHome asks Temporal which namespace and cluster it is.
func AskHome(ctx context.Context, s workflowservice.WorkflowServiceClient, namespace string) (Home, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	ns, err := s.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		return Home{}, fmt.Errorf("describe temporal namespace %q: %w", namespace, err)
	}
	cluster, err := s.GetClusterInfo(ctx, &workflowservice.GetClusterInfoRequest{})
	if err != nil {
		return Home{}, fmt.Errorf("ask temporal for its cluster: %w", err)
	}
	return Home{
		NamespaceID: ns.GetNamespaceInfo().GetId(),
		ClusterID:   cluster.GetClusterId(),
		Retention:   ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(),
	}, nil
}
