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
	moment := func(label string, at time.Time) {
		if !at.IsZero() {
			facts = append(facts, view.Fact{Label: label, When: view.At(at, now)})
		}
	}
	m := e.Moments(at)
	add("Temporal", answers[e.Answer])
	add("Workflow", strings.ReplaceAll(string(e.Execution), "_", " "))
	add("Close reason", e.CloseReason)
	if e.Paused {
		add("Paused by", e.PausedBy)
		moment("Paused", m.Paused)
	}
	if e.WorkflowTask {
		add("Workflow task", "attempt "+strconv.Itoa(e.WorkflowTaskAttempt))
		moment("Workflow task scheduled", m.WorkflowTask)
	}
	if e.Activity != lifecycle.ActivityNone {
		add("Step", strings.TrimSpace(e.ActivityName+" "+string(e.Activity))+", attempt "+strconv.Itoa(e.Attempt))
		moment("Step scheduled", m.Scheduled)
		moment("Step started", m.Started)
		moment("Last beat in Temporal", m.Heartbeat)
		moment("Next attempt", m.NextAttempt)
	}
	add("Last failure", e.FailureText)
	add("Worker", e.Host)
	if e.Answer == lifecycle.Answered {
		add("Live workers on the queue", strconv.Itoa(e.Workers))
		moment("Newest worker seen", m.WorkersSeen)
		moment("Youngest poller", m.Polled)
	}
	if e.RunID != "" {
		facts = append(facts, view.Fact{Label: "Temporal run", Value: e.RunID, Mono: true, Copy: true})
	}
	return facts
}
