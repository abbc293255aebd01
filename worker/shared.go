package worker

import (
	"go.temporal.io/sdk/activity"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// shared lets several wrapped workflows of one queue register the same activities.
type shared struct{ sdkworker.Registry }

func (s shared) RegisterActivity(a any) {
	s.RegisterActivityWithOptions(a, activity.RegisterOptions{})
}

func (s shared) RegisterActivityWithOptions(a any, o activity.RegisterOptions) {
	o.DisableAlreadyRegisteredCheck = true
	s.Registry.RegisterActivityWithOptions(a, o)
}

func (s shared) RegisterWorkflow(w any) {
	s.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{})
}

func (s shared) RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions) {
	o.DisableAlreadyRegisteredCheck = true
	s.Registry.RegisterWorkflowWithOptions(w, o)
}
