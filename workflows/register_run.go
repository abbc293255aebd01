package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/workflows/contract"
)

// RegisterRun registers the run workflow with a worker or a test environment.
func RegisterRun(reg worker.WorkflowRegistry) {
	reg.RegisterWorkflowWithOptions(Run, workflow.RegisterOptions{Name: contract.RunWorkflow})
}
