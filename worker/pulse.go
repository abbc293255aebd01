package worker

import (
	"context"
	"time"

	"github.com/opstruth/opstruth/internal/metrics"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// attempt names one attempt of one activity of one run.
type attempt struct {
	run, temporalRun, activity string
	number                     int
	// shared says that it belongs to a wrapped workflow, whose activities may be at
	// work side by side: they own the run together.
	shared bool
	// aside says that its workflow is one that the run's own started: it is at work
	// beside whoever owns the run.
	aside bool
	// stops says that it may be interrupted as soon as the record asks to cancel its
	// run; the others wait for Temporal's word.
	stops bool
}

// together is the name by which the record knows all activities of a wrapped
// workflow; Temporal's own ids of activities are numbers.
const together = "wrapped"

// owner is what the record knows the attempt as.
func (a attempt) owner() attempt {
	a.stops = false
	if a.shared {
		a.activity, a.number = together, 1
	}
	return a
}

// join adds a beat to one of the same owner.
func join(to *models.Beat, b models.Beat) {
	to.Age, to.StartedAge = min(to.Age, b.Age), min(to.StartedAge, b.StartedAge)
	to.MissedAge = max(to.MissedAge, b.MissedAge)
}

// pulse is what the batcher knows of an attempt.
type pulse struct {
	started time.Time
	beat    time.Time // newest
	written time.Time // when a beat was last written
	missed  time.Time // the first beat that could not be written since then; see unbroken
	news    time.Time // the beat that last said something new, until it is written
	held    *contract.Held
	cancel  context.CancelCauseFunc

	pending bool // the newest beat is not written
	failed  bool // a write of it failed
	ended   bool // the activity has returned
	cut     bool // the record rejected it: its run is another attempt's, or has ended
	asked   bool // it was told that its run is to be cancelled
}

// fate of a pending beat that a newer one replaces.
func (p *pulse) fate() metrics.BeatResult {
	if p.failed {
		return metrics.Dropped
	}
	return metrics.Coalesced
}

func changed(was, is *contract.Held) bool {
	return (was == nil) != (is == nil) || (was != nil && was.Reason != is.Reason)
}

func (p *pulse) mayStop(a attempt) bool { return a.stops && !p.asked && !p.cut && !p.ended }
