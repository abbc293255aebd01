package lifecycle

import "time"

// Group is likely stuck runs that share a cause and a task queue: one dead
// worker fleet is one group, however many runs it holds up.
type Group struct {
	Cause Cause
	Queue string
	Runs  int64
	Since time.Time // when the first of them became likely stuck
	Gap   bool      // every one of them fell silent within a telemetry gap
}

var groupHeadlines = map[Cause]string{
	NoCause:             "Silent, cause not known yet, on ",
	NoWorkers:           "No worker serves ",
	WorkerLost:          "Workers went silent on ",
	ActivityRetrying:    "Steps keep failing on ",
	WorkflowTaskFailing: "Workflow code keeps failing on ",
	Backlogged:          "No worker is free on ",
	NoProgress:          "Alive, but not advancing, on ",
	IdleUndeclared:      "Open, but doing nothing known, on ",
	Paused:              "Silent, paused when last checked, on ",
	WorkflowMissing:     "Temporal does not know the runs of ",
	ClosedElsewhere:     "Ended in Temporal, being recorded, on ",
	Unverified:          "Silent, and not verified in Temporal, on ",
}

var groupSteps = map[Cause]func(queue string) Step{
	NoCause:             always(StepWait, "Wait for the next check."),
	NoWorkers:           onQueue(StepInstruct, "Start a worker for ", "."),
	WorkerLost:          onQueue(StepInstruct, "Check the hosts that serve ", ". Where another worker lives, Temporal retries their steps there."),
	ActivityRetrying:    always(StepInstruct, "Open one for its error; fix that, or cancel the runs."),
	WorkflowTaskFailing: onQueue(StepInstruct, "Roll back the workers of ", "; Temporal UI shows the error."),
	Backlogged:          onQueue(StepInstruct, "Add workers for ", ", or wait."),
	NoProgress:          always(StepInstruct, "Open one and look at what follows its last item."),
	IdleUndeclared:      always(StepInstruct, "Open one: its wait is over, or its author has to declare one."),
	Paused:              always(StepWait, "Wait for the next check."),
	WorkflowMissing:     always(StepInstruct, "Check whether Temporal lost data, then retry them as new runs."),
	ClosedElsewhere:     always(StepWait, "Wait for the next check."),
	Unverified:          always(StepInstruct, "Bring Temporal back, or its way from the console; nothing is closed meanwhile."),
}

func always(kind StepKind, text string) func(string) Step {
	return func(string) Step { return Step{Kind: kind, Text: text} }
}

func onQueue(kind StepKind, before, after string) func(string) Step {
	return func(queue string) Step { return Step{Kind: kind, Text: before + queue + after} }
}

// Badge is the state of the group's runs, the same that each of them shows.
func (g Group) Badge() Badge {
	if g.Cause == Unverified {
		return stateBadges[StateUnverified]
	}
	return stateBadges[StateStuck]
}

// Headline tells in at most ten words what holds the group's runs up, and where.
func (g Group) Headline() string { return groupHeadlines[g.Cause] + g.queue() }

// NextStep is the one thing to do next for the whole group.
func (g Group) NextStep() Step { return groupSteps[g.Cause](g.queue()) }

// Note is what else is to be known of the group; empty where there is nothing.
func (g Group) Note() string {
	if g.Gap {
		return "Within a telemetry gap: the silence may be opstruth's own."
	}
	return ""
}

// ReconciliationNote says that opstruth has closed none of them: it would not
// be in the group any more.
func (g Group) ReconciliationNote() string { return "Still active, not reconciled." }

func (g Group) queue() string { return queueName(g.Queue) }

// Worse orders groups: more runs held up, then the longer time.
func (g Group) Worse(than Group) bool {
	if g.Runs != than.Runs {
		return g.Runs > than.Runs
	}
	return g.Since.Before(than.Since)
}
