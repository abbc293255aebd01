// Package contract is what the processes agree on with Temporal as the only
// thing between them: names, ids and payloads. It holds no behaviour and
// imports only the rules of a run. Names are explicit strings, so that renaming
// a function breaks no workflow in flight, and payloads are small: items,
// inputs and results live in the record database.
package contract

import "strings"

// Workflows.
const (
	RunWorkflow       = "opstruth.run"
	ReconcileWorkflow = "opstruth.reconcile"
)

// What a run workflow can be asked and told.
const (
	LifecycleQuery = "lifecycle" // answers with a LifecycleAnswer
	WakeSignal     = "wake"      // ends the durable wait that awaits it; carries nothing
)

// Activities of the run workflow, in the order in which a run meets them.
const (
	ActivityBegin      = "opstruth.begin"
	ActivityPlan       = "opstruth.plan"
	ActivityExecute    = "opstruth.execute"
	ActivityRecordWait = "opstruth.record_wait"
	ActivityEndWait    = "opstruth.end_wait"
	ActivityFinish     = "opstruth.finish"
	ActivityRecordEnd  = "opstruth.record_end"
)

// Task queues.
const (
	DefaultQueue   = "opstruth-runs"      // of operation types that name none
	ReconcileQueue = "opstruth-reconcile" // never shared with operations
)

// Types of the application errors by which an activity ends its run. Every
// other failure is retried for as long as the run lives.
const (
	ErrorBlocked = "opstruth.blocked" // a precondition stopped it before work
	ErrorFailed  = "opstruth.failed"  // no retry would help
	ErrorEnded   = "opstruth.ended"   // the record has ended already
)

// ErrorHandover is the type of the error by which a step leaves its worker, which is told to stop. It is no failure: the
// next attempt goes on elsewhere.
const ErrorHandover = "opstruth.handover"

const (
	runPrefix      = "opstruth-run-"
	activityPrefix = "opstruth."
)

// Own reports whether an activity is one of the engine's, and not one of a
// wrapped workflow.
func Own(activity string) bool { return strings.HasPrefix(activity, activityPrefix) }

// RunHeader is the header by which the child workflows of a wrapped one, and
// their activities, know their run. It carries a Root.
const RunHeader = "opstruth-run"

// WorkflowID is the id of the workflow that executes a run.
func WorkflowID(runID string) string { return runPrefix + runID }

// RunIDOf is the run that a workflow executes, if it executes one.
func RunIDOf(workflowID string) (runID string, ok bool) {
	runID, ok = strings.CutPrefix(workflowID, runPrefix)
	return runID, ok && runID != ""
}
