package lifecycle

// Tone is the colour family of a badge; the page decides the shades.
type Tone string

const (
	ToneNeutral Tone = "neutral" // nothing to do, nothing gained
	ToneInfo    Tone = "info"    // in progress
	ToneGood    Tone = "good"
	ToneWarn    Tone = "warn" // a person should look
	ToneBad     Tone = "bad"
)

// Badge is how a state is shown in one glance. Icon is a Tabler icon's name.
type Badge struct {
	Label string
	Tone  Tone
	Icon  string
}

var stateBadges = map[State]Badge{
	StateQueued:     {"Queued", ToneInfo, "clock"},
	StateBacklogged: {"Queued", ToneInfo, "stack-2"},
	StateRunning:    {"Running", ToneInfo, "player-play"},
	StateWaiting:    {"Waiting", ToneInfo, "hourglass"},
	StateCancelling: {"Cancelling", ToneWarn, "player-stop"},
	StatePaused:     {"Paused", ToneNeutral, "player-pause"},
	StateStuck:      {"Likely stuck", ToneBad, "alert-triangle"},
	StateUnverified: {"Unverified", ToneWarn, "help-circle"},
	StateReconciled: {"Failed · was stuck", ToneBad, "plug-connected-x"},
	StateFailed:     {"Failed", ToneBad, "circle-x"},
	StatePartial:    {"Partly done", ToneWarn, "circle-half-2"},
	StateBlocked:    {"Could not start", ToneWarn, "lock"},
	StateCancelled:  {"Cancelled", ToneNeutral, "ban"},
	StateSucceeded:  {"Succeeded", ToneGood, "circle-check"},
}

var statusBadges = map[Status]Badge{
	Queued:    {"Queued", ToneInfo, "clock"},
	Running:   {"Running", ToneInfo, "player-play"},
	Completed: {"Completed", ToneNeutral, "flag"},
}

var outcomeBadges = map[Outcome]Badge{
	Pending:            {},
	Succeeded:          stateBadges[StateSucceeded],
	PartiallySucceeded: stateBadges[StatePartial],
	Failed:             stateBadges[StateFailed],
	Blocked:            stateBadges[StateBlocked],
	Cancelled:          stateBadges[StateCancelled],
}

var freshnessBadges = map[Freshness]Badge{
	FreshActive:      {"Heard in time", ToneGood, "heartbeat"},
	LikelyStale:      {"Silent too long", ToneBad, "alert-triangle"},
	ReconciledFailed: {"Closed by opstruth", ToneBad, "plug-connected-x"},
	TerminalNormal:   {"Ended, not reconciled", ToneNeutral, "flag"},
}

var classBadges = map[ProblemClass]Badge{
	NoProblem:            {"No problem", ToneNeutral, "check"},
	ActiveStaleAttention: {"Likely stuck", ToneBad, "alert-triangle"},
	TerminalFollowUp:     {"Ended, needs follow-up", ToneWarn, "flag-exclamation"},
}

var causeLabels = map[Cause]string{
	NoCause:             "Cause not known yet",
	NoWorkers:           "No worker serves the queue",
	WorkerLost:          "Worker lost",
	ActivityRetrying:    "A step keeps failing",
	WorkflowTaskFailing: "Workflow code fails",
	Backlogged:          "Behind other work",
	NoProgress:          "Alive, not advancing",
	IdleUndeclared:      "Idle, nothing pending",
	Paused:              "Paused in Temporal",
	WorkflowMissing:     "Unknown to Temporal",
	ClosedElsewhere:     "Closed outside opstruth",
	Unverified:          "Not verified",
	CauseNotKnown:       "Cause not known yet",
}

// Badge is the run's state in one glance.
func (t Truth) Badge() Badge { return stateBadges[t.State] }

// Badge is the state in one glance, for what is told without a run.
func (s State) Badge() Badge { return stateBadges[s] }

// GapLabel names a silence that may be opstruth's own.
const GapLabel = "Silent in a telemetry gap"

// Badge is the status alone, for filters and tables of raw facts.
func (s Status) Badge() Badge { return statusBadges[s] }

// Badge is the outcome alone. That of Pending is empty: people are shown none.
func (o Outcome) Badge() Badge { return outcomeBadges[o] }

// Badge is the freshness alone.
func (f Freshness) Badge() Badge { return freshnessBadges[f] }

// Badge is the problem class alone, as its bucket shows it.
func (c ProblemClass) Badge() Badge { return classBadges[c] }

// Label is the problem class as people read it.
func (c ProblemClass) Label() string { return classBadges[c].Label }

// Label is the cause as people read it.
func (c Cause) Label() string { return causeLabels[c] }

var (
	markWasStuck   = Badge{"Was stuck", ToneNeutral, "history"}
	markNoted      = Badge{"Noted", ToneNeutral, "notes"}
	markSuperseded = Badge{"Later run succeeded", ToneGood, "arrow-forward-up"}
	markLate       = Badge{"Late result ignored", ToneWarn, "mail-off"}
	markCancelling = Badge{"Cancelling", ToneWarn, "player-stop"}
)

// Marks are what is to be known beside the state, in the order of showing.
func (t Truth) Marks() []Badge {
	f := &t.facts
	var marks []Badge
	add := func(when bool, b Badge) {
		if when {
			marks = append(marks, b)
		}
	}
	add(f.Status.Active() && t.State != StateCancelling && !f.Cancel.At.IsZero(), markCancelling)
	add(f.Claim.Held(), t.markClaimed())
	add(t.wasStuck(), markWasStuck)
	add(!f.Acknowledged.At.IsZero(), markNoted)
	add(f.SupersededBy != "", markSuperseded)
	add(!f.Late.At.IsZero(), markLate)
	return marks
}

// markClaimed names who is on it.
func (t Truth) markClaimed() Badge {
	if by := clip(brief(t.facts.Claim.By, 3), 28); by != "" {
		return Badge{"On it: " + by, ToneInfo, "user-check"}
	}
	return Badge{"Somebody is on it", ToneInfo, "user-check"}
}

// wasStuck reports a stuck past that the state itself does not already tell.
func (t Truth) wasStuck() bool {
	return t.StaleLineage && t.ProblemClass != ActiveStaleAttention && t.State != StateReconciled
}

// SkippedItem is how an item is shown that needed no work. One that succeeded or failed is shown like a run that did.
func SkippedItem() Badge { return Badge{"Skipped", ToneNeutral, "circle-minus"} }
