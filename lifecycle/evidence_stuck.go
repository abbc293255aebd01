package lifecycle

import (
	"strings"
	"time"
	"unicode"
)

var stuckEvidences = map[Cause]func(Truth) string{
	NoCause:             Truth.notYetChecked,
	NoWorkers:           Truth.lastWorker,
	WorkerLost:          Truth.lastBeat,
	ActivityRetrying:    Truth.lastError,
	WorkflowTaskFailing: Truth.failingTask,
	Backlogged:          Truth.taskWaits,
	NoProgress:          Truth.lastItem,
	IdleUndeclared:      Truth.nothingPending,
	Paused:              Truth.pausedSince,
	WorkflowMissing:     func(Truth) string { return "Not found in its own cluster and namespace." },
	ClosedElsewhere:     Truth.closedAs,
	Unverified:          Truth.unanswered,
}

// stuckEvidence is the silence, what explains it, and when that was checked.
func (t Truth) stuckEvidence() []string {
	if t.Cause == NoProgress { // told by the record alone
		return []string{t.heard(), t.counts(), t.lastItem(), t.unanswered()}
	}
	return []string{t.lastHeard(), stuckEvidences[t.Cause](t), t.checked()}
}

// checked is when Temporal answered about this run, of its present silence.
func (t Truth) checked() string {
	s := t.facts.Silence
	if t.Cause == NoCause || s.At.IsZero() {
		return ""
	}
	return "Checked " + t.ago(s.At) + "."
}

func (t Truth) notYetChecked() string {
	if t.facts.DispatchedAt.IsZero() {
		return "It was not handed to Temporal yet."
	}
	return "Temporal was not asked about it since."
}

// then is the moment that was an age before the last check.
func (t Truth) then(age time.Duration) string { return t.at(t.facts.Silence.At.Add(-age)) }

func (t Truth) queue() string { return queueName(t.facts.Queue) }

func (t Truth) lastWorker() string {
	e := t.facts.Silence.Evidence
	switch {
	case e.WorkersSeen >= 0:
		return "No live worker on " + t.queue() + "; last seen " + t.then(e.WorkersSeen) + "."
	case e.PollerAge >= 0:
		return "No live worker on " + t.queue() + "; last poll " + t.then(e.PollerAge) + "."
	}
	return "No live worker on " + t.queue() + "; none is known."
}

func (t Truth) servedBy() string {
	e := t.facts.Silence.Evidence
	switch {
	case t.facts.Silence.At.IsZero():
		return ""
	case e.Workers == 1:
		return "1 worker serves " + t.queue() + "."
	case e.Workers > 1:
		return Number(int64(e.Workers)) + " workers serve " + t.queue() + "."
	case e.Unserved():
		return t.lastWorker()
	}
	return ""
}

func (t Truth) taskWaits() string {
	e := t.facts.Silence.Evidence
	age, waits := e.ScheduledAge, "Its task waits since "
	if e.Activity != ActivityScheduled {
		age = e.WorkflowTaskAge
	}
	if e.Activity != ActivityScheduled && !e.WorkflowTask {
		return t.servedBy()
	}
	if e.Workers == 0 {
		return waits + t.then(age) + "; pollers live on " + t.queue() + "."
	}
	return waits + t.then(age) + ". " + t.servedBy()
}

// lastBeat tells which worker went silent and since when, as far as Temporal knows.
func (t Truth) lastBeat() string {
	e := t.facts.Silence.Evidence
	host := "an unknown host"
	if h := brief(e.Host, 1); h != "" {
		host = "host " + h
	}
	lead := "Worker on " + host
	if e.LastFailure == FailureHeartbeatTimeout && e.Activity == ActivityScheduled {
		lead = "Heartbeat timed out on " + host
	}
	switch {
	case e.HeartbeatAge >= 0:
		return lead + "; last beat " + t.then(e.HeartbeatAge) + "."
	case e.StartedAge >= 0:
		return lead + "; started " + t.then(e.StartedAge) + ", no beat."
	}
	return lead + "; it never beat."
}

func (t Truth) lastError() string {
	e := t.facts.Silence.Evidence
	s := "Attempt " + Number(int64(e.Attempt)) + ", last error: "
	if text := brief(e.FailureText, 14); text != "" {
		return ended(s + text)
	}
	return s + "not told by Temporal."
}

func (t Truth) failingTask() string {
	return "Its workflow task is at attempt " + Number(int64(t.facts.Silence.Evidence.WorkflowTaskAttempt)) + "."
}

func (t Truth) lastItem() string {
	if last := brief(t.facts.LastItem, 4); last != "" {
		return "Last recorded item: " + last + "."
	}
	return "No item was recorded yet."
}

// waitIsOver reports whether the workflow declared what it waited for, and has not gone on since: what is missing then
// is no declaration.
func (t Truth) waitIsOver() bool {
	w := t.facts.Wait
	return w.Kind == DurableWait && w.ID != ObservedWait && w.ID != HandoverWait && !w.Until.After(t.now)
}

func (t Truth) nothingPending() string {
	w := t.facts.Wait
	if reason := brief(w.Reason, 8); t.waitIsOver() && reason != "" {
		return ended("Nothing is pending; its wait ended at " + t.at(w.Until) + ": " + reason)
	}
	if !w.Until.IsZero() && !w.Until.After(t.now) {
		return "Nothing is pending; its wait ended at " + t.at(w.Until) + "."
	}
	return "Nothing is pending and no wait is declared."
}

func (t Truth) pausedSince() string {
	e := t.facts.Silence.Evidence
	if e.PausedAge < 0 {
		return "Temporal does not tell since when."
	}
	return "Paused at " + t.then(e.PausedAge) + "."
}

func (t Truth) closedAs() string {
	how := strings.ReplaceAll(string(t.facts.Silence.Evidence.Execution), "_", " ")
	if how == "" {
		return "Temporal does not tell how."
	}
	return "Temporal says: " + how + "."
}

func lowerFirst(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToLower(r[0])
	}
	return string(r)
}
