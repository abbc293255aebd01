package models

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// event appends a line to a run's timeline.
func (s *Store) event(tx *gorm.DB, runID string, at time.Time, k lifecycle.Kind, actor string, d EventData) error {
	data, err := encode(d)
	if err != nil {
		return err
	}
	err = tx.Exec(`INSERT INTO run_events (run_id, at, kind, actor, data) VALUES (?, ?, ?, ?, ?)`,
		runID, toMicros(at), string(k), actor, data).Error
	if err != nil {
		return fmt.Errorf("append event %s: %w", k, err)
	}
	return nil
}

// changeData is what the event of a change says.
func changeData(after lifecycle.Facts, w wish) EventData {
	switch w.Kind {
	case lifecycle.Planned:
		return EventData{Total: w.Total, Note: w.Note}
	case lifecycle.WaitDeclared:
		return EventData{Wait: w.Wait.Reason, WaitID: w.Wait.ID, By: w.Wait.By, Until: toMicros(w.Wait.Until)}
	case lifecycle.WaitEnded:
		return EventData{Wait: w.Wait.Reason, WaitID: w.Wait.ID}
	case lifecycle.Finished, lifecycle.Adopted:
		return EventData{Outcome: after.Outcome, Code: after.Failure.Code, Message: after.Failure.Message}
	case lifecycle.CancelForced:
		return EventData{Outcome: after.Outcome}
	case lifecycle.CloseClaimed:
		return EventData{Cause: w.Closing.Cause}
	case lifecycle.Reconciled:
		r := after.Reconciliation
		return EventData{
			Outcome: after.Outcome, Cause: r.Cause, SilentFor: r.At.Sub(r.SilentSince).Microseconds(), Evidence: &r.Evidence,
		}
	case lifecycle.Acknowledged, lifecycle.LateReported:
		return EventData{Note: w.Note}
	case lifecycle.Superseded, lifecycle.Retried:
		return EventData{By: w.By}
	case lifecycle.Enqueued, lifecycle.Dispatched, lifecycle.Started, lifecycle.CancelRequested, lifecycle.CloseDropped,
		lifecycle.Reopened, lifecycle.Claimed, lifecycle.Released, lifecycle.StepRetried, lifecycle.Waited,
		lifecycle.WentStale, lifecycle.Recovered, lifecycle.CauseFound:
	}
	return EventData{}
}

// noteStale records that a run's present silence is one, once per silence.
func (s *Store) noteStale(tx *gorm.DB, run Run, now time.Time) error {
	f := run.Facts
	if now.Before(f.StaleAt) || !run.FlaggedAt.IsZero() {
		return nil
	}
	return s.event(tx, run.ID, f.StaleAt, lifecycle.WentStale, "", EventData{StaleAt: toMicros(f.StaleAt), Gap: f.InGap})
}
