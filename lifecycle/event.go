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
}

// Badge is the event as the timeline shows it.
func (k Kind) Badge() Badge { return kindBadges[k] }
