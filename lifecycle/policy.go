package lifecycle

import (
	"errors"
	"fmt"
	"time"
)

// Policy is how patient opstruth is with the runs of one operation type.
// Durations of zero switch the rule off unless the field says otherwise.
type Policy struct {
	StaleAfter       time.Duration // silence of a running run before it is likely stuck; required
	QueuedStaleAfter time.Duration // the same for a queued run; required
	ProgressTimeout  time.Duration // unchanged counts before a beating run is likely stuck
	WaitSlack        time.Duration // allowed beyond the end of a declared wait
	MaxWait          time.Duration // total declared waiting per run; later waits do not suspend
	CancelGrace      time.Duration // from asking for a cancel to forcing it; required

	RetryAttempts int           // from this attempt on a retrying activity is flagged
	RetryFor      time.Duration // or once it was scheduled for so long

	CloseNoWorkers  time.Duration // verified silence before a run without workers is closed
	CloseWorkerLost time.Duration // the same for a worker that was lost and never replaced, where its activity beat before
	CloseMissing    bool          // close at the second verification that Temporal does not know it
}

// Timing is how often liveness is produced and checked in one installation.
type Timing struct {
	HeartbeatEvery time.Duration // the kit's own beat
	FlushEvery     time.Duration // the worker's batched write
	Coalesce       time.Duration // how long an uneventful beat may go unwritten
	PassEvery      time.Duration // the reconciler's interval
	PassBudget     time.Duration // how long a pass may take before a verdict is written
}

// WorkerAlive is how old a worker's last report may be while it counts as live:
// it reports with every flush, and may be late for two.
func (t Timing) WorkerAlive() time.Duration { return 3*t.FlushEvery + time.Second }

// DefaultPolicy suits operations that beat every few seconds.
func DefaultPolicy() Policy {
	return Policy{
		StaleAfter:       20 * time.Second,
		QueuedStaleAfter: time.Minute,
		WaitSlack:        10 * time.Second,
		MaxWait:          7 * 24 * time.Hour,
		CancelGrace:      30 * time.Second,
		RetryAttempts:    4,
		RetryFor:         10 * time.Minute,
		CloseNoWorkers:   24 * time.Hour,
		CloseWorkerLost:  24 * time.Hour,
		CloseMissing:     true,
	}
}

// CautiousPolicy is for a run whose own policy cannot be read: it closes nothing.
func CautiousPolicy() Policy {
	p := DefaultPolicy()
	p.CloseNoWorkers, p.CloseWorkerLost, p.CloseMissing = 0, 0, false
	return p
}

// NewTiming derives the whole timing from its two free choices.
func NewTiming(heartbeatEvery, passEvery time.Duration) Timing {
	return Timing{
		HeartbeatEvery: heartbeatEvery,
		FlushEvery:     min(time.Second, heartbeatEvery/2),
		Coalesce:       heartbeatEvery / 2,
		PassEvery:      passEvery,
		PassBudget:     passEvery / 2,
	}
}

// Check refuses a policy under which a healthy run could be flagged: a beat
// must be able to travel all the way into a verdict within the stale limit.
// The error names every value that has to change.
func (p Policy) Check(t Timing) error {
	var errs []error
	positive := func(name string, d time.Duration) {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("%s must be longer than zero, got %v", name, d))
		}
	}
	positive("stale_after", p.StaleAfter)
	positive("queued_stale_after", p.QueuedStaleAfter)
	positive("cancel_grace", p.CancelGrace)
	positive("heartbeat_every", t.HeartbeatEvery)
	positive("reconcile_every", t.PassEvery)
	notNegative := func(name string, d time.Duration) {
		if d < 0 {
			errs = append(errs, fmt.Errorf("%s must not be negative, got %v", name, d))
		}
	}
	notNegative("progress_timeout", p.ProgressTimeout)
	notNegative("wait_slack", p.WaitSlack)
	notNegative("max_wait", p.MaxWait)
	notNegative("close_no_workers", p.CloseNoWorkers)
	notNegative("close_worker_lost", p.CloseWorkerLost)
	if need := t.HeartbeatEvery + t.FlushEvery + t.Coalesce + t.PassEvery + t.PassBudget; need > p.StaleAfter {
		errs = append(errs, fmt.Errorf(
			"stale_after %v is too short: heartbeat %v + flush %v + coalescing %v + pass interval %v + pass budget %v need %v; lengthen stale_after, or shorten heartbeat_every or reconcile_every",
			p.StaleAfter, t.HeartbeatEvery, t.FlushEvery, t.Coalesce, t.PassEvery, t.PassBudget, need))
	}
	return errors.Join(errs...)
}

// HeartbeatTimeout is what Temporal is told: so that it notices a lost worker
// before opstruth does, but never sooner than after two missed beats.
func (p Policy) HeartbeatTimeout(t Timing) time.Duration {
	return max(p.StaleAfter*4/5, 2*t.HeartbeatEvery+time.Second)
}

// LimitWait cuts a declared wait off where the run's waits, of which waited has
// passed before, would exceed MaxWait.
func (p Policy) LimitWait(w Wait, waited time.Duration) Wait {
	if p.MaxWait <= 0 || w.ID == ObservedWait {
		return w
	}
	if end := w.Since.Add(max(0, p.MaxWait-waited)); end.Before(w.Until) {
		w.Until = end
	}
	return w
}

// closeLimit is the verified silence after which a run is closed for a cause,
// or zero where it never is. A worker that was replaced once may be again. An
// activity that never beat in Temporal may be done elsewhere, or be completed by
// another program: its silence proves nothing. Every step of opstruth's own beats,
// or is timed out by Temporal.
func (p Policy) closeLimit(c Cause, e Evidence) time.Duration {
	switch {
	case c == NoWorkers:
		return p.CloseNoWorkers
	case c == WorkerLost && !e.retried() && e.HeartbeatAge >= 0:
		return p.CloseWorkerLost
	}
	return 0
}
