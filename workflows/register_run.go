package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// RegisterRun registers the run workflow with a worker or a test environment.
// What it wraps is looked up in types. The worker needs the Interceptor too.
func RegisterRun(reg worker.WorkflowRegistry, types *operation.Registry) {
	reg.RegisterWorkflowWithOptions((&runs{types}).Run, workflow.RegisterOptions{Name: contract.RunWorkflow})
}
