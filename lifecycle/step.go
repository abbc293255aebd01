package lifecycle

// StepKind says what kind of a next step a run needs.
type StepKind string

const (
	StepNone     StepKind = "none"     // nothing to do
	StepWait     StepKind = "wait"     // it moves on by itself
	StepInstruct StepKind = "instruct" // something outside opstruth has to be done
	StepCancel   StepKind = "cancel"   // the button cancels the run
	StepRetry    StepKind = "retry"    // the button starts a new run with the same input
	StepOpen     StepKind = "open"     // the button opens the run that retries this one
)

// Step is the one next step: a button's label where its kind is an action, and
// an instruction in Text always.
type Step struct {
	Kind  StepKind
	Label string
	Text  string
}

// steps hold every state but the stuck ones, whose cause tells more.
var steps = map[State]func(Truth) Step{
	StateQueued:     is(StepNone, "Nothing to do."),
	StateBacklogged: withQueue(StepWait, "Wait, or add workers for ", "."),
	StateRunning:    is(StepNone, "Nothing to do."),
	StateWaiting:    is(StepNone, "Nothing to do."),
	StateCancelling: is(StepWait, "Wait until it has stopped."),
	StatePaused:     Truth.pausedStep,
	StateStuck:      Truth.stuckStep,
	StateUnverified: is(StepWait, "Wait; platform staff are alerted."),
	StateReconciled: Truth.reconciledStep,
	StateFailed:     retry("Fix the cause, then retry."),
	StatePartial:    retry("Fix what the failed items name, then retry."),
	StateBlocked:    retry("Put right what the reason names, then retry."),
	StateCancelled:  is(StepNone, "Nothing to do."),
	StateSucceeded:  is(StepNone, "Nothing to do."),
}

var stuckSteps = map[Cause]func(Truth) Step{
	NoCause:             is(StepWait, "Wait for the next check."),
	NoWorkers:           withQueue(StepInstruct, "Start a worker for ", "."),
	WorkerLost:          Truth.workerLostStep,
	ActivityRetrying:    cancel("Fix that error; if you cannot, cancel."),
	WorkflowTaskFailing: Truth.taskFailingStep,
	Backlogged:          withQueue(StepInstruct, "Add workers for ", ", or wait."),
	NoProgress:          Truth.noProgressStep,
	IdleUndeclared:      Truth.idleStep,
	Paused:              is(StepWait, "Wait for the next check."),
	WorkflowMissing:     Truth.missingStep,
	ClosedElsewhere:     is(StepWait, "Wait for the next check."),
	Unverified:          is(StepWait, "Wait; platform staff are alerted."),
}

// ForStaff is the same truth as platform staff read it: they reach Temporal, and nobody else has to be asked.
func (t Truth) ForStaff() Truth {
	t.staff = true
	return t
}

// pausedStep, like all that is done in Temporal, is platform staff's: members of a workspace have no way there.
func (t Truth) pausedStep() Step {
	if t.staff {
		return Step{Kind: StepInstruct, Text: "Unpause it in Temporal when it may go on."}
	}
	return Step{Kind: StepInstruct, Text: "Ask platform staff to unpause it when it may go on."}
}

func (t Truth) taskFailingStep() Step {
	if t.staff {
		return Step{Kind: StepInstruct, Text: "Roll back the workers of " + t.queue() + "; Temporal UI shows the error."}
	}
	return Step{Kind: StepInstruct, Text: "Ask platform staff to roll back the workers of " + t.queue() + "."}
}

func (t Truth) idleStep() Step {
	if t.waitIsOver() {
		return Step{Kind: StepWait, Text: "Wait: Temporal's timer is late, or the wait was declared too short."}
	}
	return Step{Kind: StepInstruct, Text: "Ask its author to declare what it waits for."}
}

// NextStep is the one thing to do next.
func (t Truth) NextStep() Step {
	f := &t.facts
	switch {
	case f.Status != Completed && !f.Cancel.At.IsZero() && t.State == StateStuck:
		return Step{Kind: StepWait, Text: "Wait: its cancel is forced at " + t.atSecond(f.Cancel.ForcedAt) + "."}
	case t.ProblemClass == TerminalFollowUp && f.SupersededBy != "":
		return Step{Kind: StepNone, Text: "Nothing to do: a later run succeeded."}
	case t.ProblemClass == TerminalFollowUp && !f.Acknowledged.At.IsZero():
		return Step{Kind: StepNone, Text: "Noted; reopen it if it is not done with."}
	case t.ProblemClass == TerminalFollowUp && f.RetriedBy != "":
		return Step{Kind: StepOpen, Label: "Open its retry", Text: "It was retried: see how that run goes."}
	}
	return steps[t.State](t)
}

func is(kind StepKind, text string) func(Truth) Step {
	return func(Truth) Step { return Step{Kind: kind, Text: text} }
}

func retry(text string) func(Truth) Step {
	return func(Truth) Step { return retryStep(text) }
}

func retryStep(text string) Step { return Step{Kind: StepRetry, Label: "Retry", Text: text} }

func cancel(text string) func(Truth) Step {
	return func(Truth) Step { return Step{Kind: StepCancel, Label: "Cancel", Text: text} }
}

func withQueue(kind StepKind, before, after string) func(Truth) Step {
	return func(t Truth) Step { return Step{Kind: kind, Text: before + t.queue() + after} }
}

func (t Truth) stuckStep() Step { return stuckSteps[t.Cause](t) }

func (t Truth) workerLostStep() Step {
	e := t.facts.Silence.Evidence
	switch host := brief(e.Host, 1); {
	case e.retried():
		return Step{Kind: StepWait, Text: "Wait for attempt " + Number(int64(e.comingAttempt())) + "."}
	case host == "":
		return Step{Kind: StepInstruct, Text: "Check the hosts that serve " + t.queue() + "."}
	default:
		return Step{Kind: StepInstruct, Text: "Check host " + host + "."}
	}
}

func (t Truth) noProgressStep() Step {
	if last := brief(t.facts.LastItem, 4); last != "" {
		return Step{Kind: StepInstruct, Text: "Look at what follows item " + last + "."}
	}
	return Step{Kind: StepInstruct, Text: "Look at its first item."}
}

func (t Truth) missingStep() Step {
	if t.facts.Policy.CloseMissing {
		return Step{Kind: StepWait, Text: "Wait until opstruth closes it, then retry as a new run."}
	}
	return Step{Kind: StepCancel, Label: "Cancel", Text: "Cancel it, then retry as a new run."}
}

func (t Truth) reconciledStep() Step {
	target := "the target"
	if name := brief(t.facts.Target, 4); name != "" {
		target = "“" + name + "”"
	}
	if !t.facts.Late.At.IsZero() {
		return retryStep("Compare " + target + " with the late result before you retry.")
	}
	return retryStep("Check " + target + " for half-done work, then retry.")
}
