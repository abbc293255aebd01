package page

import (
	"strconv"
	"strings"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/web/view"
)

var answers = map[lifecycle.Answer]string{
	lifecycle.Answered:    "answered",
	lifecycle.NotFound:    "does not know the workflow",
	lifecycle.Unreachable: "did not answer",
	lifecycle.WrongHome:   "another cluster, namespace or execution answered",
}

// evidenceFacts tells raw evidence. Its ages are told as the moments they meant when it was observed at.
func evidenceFacts(e lifecycle.Evidence, at, now time.Time) []view.Fact {
	var facts []view.Fact
	add := func(label, value string) {
		if value != "" {
			facts = append(facts, view.Fact{Label: label, Value: value})
		}
	}
	moment := func(label string, age time.Duration, known bool) {
		if known && !at.IsZero() {
			facts = append(facts, view.Fact{Label: label, When: view.At(at.Add(-age), now)})
		}
	}
	add("Temporal", answers[e.Answer])
	add("Workflow", strings.ReplaceAll(string(e.Execution), "_", " "))
	add("Close reason", e.CloseReason)
	if e.Paused {
		add("Paused by", e.PausedBy)
		moment("Paused", e.PausedAge, e.PausedAge >= 0)
	}
	if e.WorkflowTask {
		add("Workflow task", "attempt "+strconv.Itoa(e.WorkflowTaskAttempt))
		moment("Workflow task scheduled", e.WorkflowTaskAge, true)
	}
	if e.Activity != lifecycle.ActivityNone {
		add("Step", strings.TrimSpace(e.ActivityName+" "+string(e.Activity))+", attempt "+strconv.Itoa(e.Attempt))
		moment("Step scheduled", e.ScheduledAge, e.ScheduledAge > 0)
		started := e.Activity == lifecycle.ActivityStarted
		moment("Step started", e.StartedAge, started && e.StartedAge >= 0)
		moment("Last beat in Temporal", e.HeartbeatAge, started && e.HeartbeatAge >= 0)
		if e.NextAttempt > 0 {
			moment("Next attempt", -e.NextAttempt, true)
		}
	}
	add("Last failure", e.FailureText)
	add("Worker", e.Host)
	if e.Answer == lifecycle.Answered {
		add("Live workers on the queue", strconv.Itoa(e.Workers))
		moment("Newest worker seen", e.WorkersSeen, e.Workers == 0 && e.WorkersSeen >= 0)
		moment("Youngest poller", e.PollerAge, e.PollerAge >= 0)
	}
	if e.RunID != "" {
		facts = append(facts, view.Fact{Label: "Temporal run", Value: e.RunID, Mono: true, Copy: true})
	}
	return facts
}
