package lifecycle

import "time"

// StaleAt is the moment at which an active run's silence becomes suspicious:
// the rule that the record store's one SQL expression repeats. durable and held
// are the latest ends of the declared waits of each kind, or the zero time.
//
// A held wait suspends only the progress deadline, so that a worker that dies
// while it waits is noticed; a durable wait needs no worker and suspends both.
func StaleAt(p Policy, s Status, livenessAt, progressAt, durable, held time.Time) time.Time {
	after := p.StaleAfter
	if s == Queued {
		after = p.QueuedStaleAfter
	}
	at := livenessAt.Add(after)
	if p.ProgressTimeout > 0 && s == Running {
		stalled := progressAt.Add(p.ProgressTimeout)
		if !held.IsZero() {
			stalled = later(stalled, held.Add(p.WaitSlack))
		}
		if stalled.Before(at) {
			at = stalled
		}
	}
	if !durable.IsZero() {
		at = later(at, durable.Add(p.WaitSlack))
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
