package lifecycle

var kindBadges = map[Kind]Badge{
	Enqueued:        {"Queued", ToneInfo, "clock"},
	Dispatched:      {"Workflow started", ToneInfo, "arrow-forward-up"},
	Started:         {"Work began", ToneInfo, "player-play"},
	Planned:         {"Items are known", ToneInfo, "list-details"},
	WaitDeclared:    {"Waits as planned", ToneInfo, "hourglass"},
	WaitEnded:       {"Wait is over", ToneInfo, "player-play"},
	CancelRequested: {"Cancel asked for", ToneWarn, "player-stop"},
	Finished:        {"Ended", ToneNeutral, "flag"},
	CloseClaimed:    {"opstruth is about to close it", ToneWarn, "plug-connected-x"},
	CloseDropped:    {"Close dropped: it lives", ToneGood, "heartbeat"},
	Reconciled:      {"Closed by opstruth on evidence", ToneBad, "plug-connected-x"},
	CancelForced:    {"Cancel was forced", ToneWarn, "ban"},
	Adopted:         {"End found in Temporal and taken over", ToneNeutral, "flag"},
	AcknowledgedBy:  {"Noted", ToneNeutral, "notes"},
	Reopened:        {"Reopened", ToneWarn, "flag-exclamation"},
	Superseded:      {"A later run succeeded", ToneGood, "arrow-forward-up"},
	LateReported:    {"Late result ignored", ToneWarn, "mail-off"},
	WentStale:       {"Became likely stuck", ToneBad, "alert-triangle"},
	Recovered:       {"Heard again", ToneGood, "heartbeat"},
	CauseFound:      {"Cause found", ToneWarn, "help-circle"},
	ItemFailing:     {"An item keeps failing", ToneWarn, "circle-x"},
}

// Badge is the event as the timeline shows it.
func (k Kind) Badge() Badge { return kindBadges[k] }
