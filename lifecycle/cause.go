package lifecycle

// Cause says why a run is silent, as far as evidence tells.
type Cause string

const (
	NoCause             Cause = ""
	NoWorkers           Cause = "no_workers"            // nobody serves the task queue
	WorkerLost          Cause = "worker_lost"           // the worker that held the activity went silent
	ActivityRetrying    Cause = "activity_retrying"     // a step keeps failing and is retried
	WorkflowTaskFailing Cause = "workflow_task_failing" // the workflow's code fails
	Backlogged          Cause = "backlogged"            // scheduled behind other work; workers live
	NoProgress          Cause = "no_progress"           // beats are fresh, counts do not move
	IdleUndeclared      Cause = "idle_undeclared"       // running, nothing pending, and no declared wait that goes on
	Paused              Cause = "paused"                // paused in Temporal
	WorkflowMissing     Cause = "workflow_missing"      // Temporal does not know the workflow
	ClosedElsewhere     Cause = "closed_elsewhere"      // closed in Temporal, the record was not told
	Unverified          Cause = "unverified"            // Temporal could not be asked
)

// CauseNotKnown asks a filter for the runs whose cause is NoCause, which is an
// empty word and asks for nothing. No verdict names it.
const CauseNotKnown Cause = "unknown"

// Causes lists every cause that a verdict can name.
func Causes() []Cause {
	return []Cause{
		NoWorkers, WorkerLost, ActivityRetrying, WorkflowTaskFailing, Backlogged, NoProgress,
		IdleUndeclared, Paused, WorkflowMissing, ClosedElsewhere, Unverified,
	}
}

// FilterCauses lists every cause that runs can be listed by.
func FilterCauses() []Cause { return append(Causes(), CauseNotKnown) }
