package lifecycle

var kindBadges = map[Kind]Badge{
	Enqueued:        {"Queued", ToneNeutral, "clock"},
	Dispatched:      {"Handed to Temporal", ToneNeutral, "arrow-right"},
	Started:         {"A worker began", ToneInfo, "player-play"},
	Planned:         {"Work planned", ToneNeutral, "list-details"},
	WaitDeclared:    {"Began to wait", ToneInfo, "hourglass"},
	WaitEnded:       {"Stopped waiting", ToneNeutral, "hourglass-empty"},
	CancelRequested: {"Cancel asked for", ToneWarn, "player-stop"},
	Finished:        {"Ended", ToneNeutral, "flag"},
	CloseClaimed:    {"About to be closed by opstruth", ToneWarn, "plug-connected-x"},
	CloseDropped:    {"Not closed: it lives", ToneInfo, "heartbeat"},
	Reconciled:      {"Closed by opstruth", ToneBad, "plug-connected-x"},
	CancelForced:    {"Cancel forced", ToneWarn, "ban"},
	Adopted:         {"Its end was taken from Temporal", ToneNeutral, "flag"},
	Acknowledged:    {"Noted", ToneNeutral, "notes"},
	Reopened:        {"Reopened", ToneWarn, "refresh"},
	Superseded:      {"A later run succeeded", ToneGood, "arrow-forward-up"},
	Retried:         {"Retried", ToneNeutral, "rotate-clockwise"},
	Claimed:         {"Somebody is on it", ToneInfo, "user-check"},
	Released:        {"Nobody is on it any more", ToneNeutral, "user"},
	LateReported:    {"Late result ignored", ToneWarn, "mail-off"},
	WentStale:       {"Became likely stuck", ToneBad, "alert-triangle"},
	Recovered:       {"No longer likely stuck", ToneGood, "heartbeat"},
	CauseFound:      {"Cause found", ToneWarn, "search"},
	StepRetried:     {"A step was tried again", ToneWarn, "rotate-clockwise"},
	Waited:          {"Waited within a step", ToneNeutral, "hourglass"},
}

// Sort tells events apart by whose doing they are, as a picture of a run does.
type Sort string

// Sorts of events.
const (
	ByOpstruth Sort = "by_opstruth" // what the reconciler found and did
	ByPerson   Sort = "by_person"   // what somebody wished or said
	ATry       Sort = "a_try"       // another attempt of a step
	AResult    Sort = "a_result"    // how it ended, and what came of that
	OtherSort  Sort = "other"       // all else
)

var sortLabels = map[Sort]string{
	ByOpstruth: "Found or done by opstruth",
	ByPerson:   "Done by a person",
	ATry:       "Step tried again",
	AResult:    "A result",
	OtherSort:  "Something else",
}

// SeveralLabel names events that are too near to each other to be told apart.
const SeveralLabel = "Several at about the same time"

// Sorts lists every sort, in the order of a legend.
func Sorts() []Sort { return []Sort{ByOpstruth, ByPerson, ATry, AResult, OtherSort} }

// Label is the sort as people read it.
func (s Sort) Label() string { return sortLabels[s] }

// Sort is whose doing the event is.
func (k Kind) Sort() Sort {
	switch k {
	case CauseFound, CloseClaimed, CloseDropped, Reconciled, CancelForced, Adopted:
		return ByOpstruth
	case CancelRequested, Acknowledged, Reopened, Retried, Claimed, Released:
		return ByPerson
	case StepRetried:
		return ATry
	case Finished, Superseded, LateReported:
		return AResult
	case Enqueued, Dispatched, Started, Planned, WaitDeclared, WaitEnded, Waited, WentStale, Recovered:
	}
	return OtherSort
}

// Badge is the event as the timeline shows it.
func (k Kind) Badge() Badge { return kindBadges[k] }
