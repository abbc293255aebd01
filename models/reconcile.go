package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// verifyEvery is how old the last answer about an active run may become.
const verifyEvery = 5 * time.Minute

// Undispatched lists active runs that were queued so long ago and have no workflow yet, in the order of their ids after
// the given one. next is empty at the end.
func (s *Store) Undispatched(ctx context.Context, olderThan time.Duration, after string, limit int) ([]Run, time.Time, string, error) {
	return s.enginePage(ctx, "list undispatched runs",
		`WHERE r.id > ? AND `+activeSQL+` AND r.dispatched_at = 0 AND r.queued_at <= `+s.clock+` - ? ORDER BY r.id LIMIT ?`,
		limit, after, olderThan.Microseconds())
}

// CancelsWaiting lists active runs that an operator wants to end, in the order of their ids after the given one. next is
// empty at the end.
func (s *Store) CancelsWaiting(ctx context.Context, after string, limit int) ([]Run, time.Time, string, error) {
	return s.enginePage(ctx, "list cancels", `WHERE r.id > ? AND `+activeSQL+` AND r.cancel_at > 0 ORDER BY r.id LIMIT ?`, limit, after)
}

// DueForCheck lists runs that were dispatched and fall silent before so long from now, or that nobody verified for
// five minutes, in the order of their ids after the given one. next is empty at the end.
func (s *Store) DueForCheck(ctx context.Context, before time.Duration, after string, limit int) ([]Run, time.Time, string, error) {
	return s.enginePage(ctx, "list runs to check",
		// Two ranges of two indexes: nearly all active runs are in neither.
		`WHERE l.run_id IN (SELECT run_id FROM run_liveness WHERE stale_at < `+s.clock+` + ? AND run_id > ?
			UNION SELECT run_id FROM run_liveness WHERE verified_at < `+s.clock+` - ? AND run_id > ?)
		AND r.dispatched_at > 0 ORDER BY l.run_id LIMIT ?`,
		limit, before.Microseconds(), after, verifyEvery.Microseconds(), after)
}

// ActiveSample lists active runs whose workflow began, in the order of their ids after the given one. next is empty at
// the end.
func (s *Store) ActiveSample(ctx context.Context, after string, limit int) ([]Run, time.Time, string, error) {
	return s.enginePage(ctx, "sample active runs", `WHERE l.run_id > ? AND r.dispatched_at > 0 ORDER BY l.run_id LIMIT ?`, limit, after)
}

// enginePage is one page of runs of all workspaces, for the reconciler alone. The limit is the last parameter.
func (s *Store) enginePage(ctx context.Context, what, where string, limit int, args ...any) ([]Run, time.Time, string, error) {
	runs, now, err := s.listed(ctx, what, where, append(args, limit+1)...)
	if err != nil {
		return nil, time.Time{}, "", err
	}
	runs, more := cut(runs, limit)
	if !more {
		return runs, now, "", nil
	}
	return runs, now, runs[limit-1].ID, nil
}

// ActiveByID reads those of the runs that are active.
func (s *Store) ActiveByID(ctx context.Context, ids []string) ([]Run, time.Time, error) {
	if len(ids) == 0 {
		now, err := s.Now(ctx)
		return nil, now, err
	}
	return s.listed(ctx, "read active runs", `WHERE r.id IN ? AND `+activeSQL+` ORDER BY r.id`, ids)
}

// RecordVerdict stores what was concluded about a run that was judged as it was read: lifecycle.ErrOvertaken when
// its liveness was written since, lifecycle.ErrEnded when it has ended. A verdict to refresh takes the newer sign of
// life or the wait that Temporal explains; one of silence, or the silence before a close, remembers why. Adoption is a
// transition, and an unknown verdict leaves nothing to store.
func (s *Store) RecordVerdict(ctx context.Context, run Run, v lifecycle.Verdict) error {
	switch v.Action {
	case lifecycle.Refresh, lifecycle.Silent, lifecycle.Close:
	case lifecycle.Adopt, lifecycle.Unknown:
		return nil
	default:
		return fmt.Errorf("record verdict %q: %w", v.Action, lifecycle.ErrNotAllowed)
	}
	err := s.Write(ctx, func(tx *gorm.DB) error {
		current, now, err := s.lockActive(tx, run.ID)
		if err != nil {
			return err
		}
		if current.LivenessVersion != run.LivenessVersion {
			return lifecycle.ErrOvertaken
		}
		return s.recordVerdict(tx, current, v, now)
	})
	if err != nil {
		return fmt.Errorf("record the verdict on run %s: %w", run.ID, err)
	}
	return nil
}

func (s *Store) recordVerdict(tx *gorm.DB, run Run, v lifecycle.Verdict, now time.Time) error {
	if err := s.observedWait(tx, run, v, now); err != nil {
		return err
	}
	n := s.heard(v.Sign)
	if v.Silence.At.IsZero() {
		return s.touch(tx, run, n, now, `, verified_at = ?`, toMicros(now))
	}
	evidence, err := encode(v.Silence.Evidence)
	if err != nil {
		return err
	}
	if tells(run.Facts, v, now) {
		found := v.Silence.Evidence
		err := s.event(tx, run.ID, now, lifecycle.CauseFound, "", EventData{Cause: v.Silence.Cause, Evidence: &found})
		if err != nil {
			return err
		}
	} else if err := s.attemptChecked(tx, run, v.Silence.Evidence, now); err != nil {
		return err
	}
	more := `, verified_at = ?, silence_cause = ?, silence_at = ?, silence_for = ?, silence_times = ?, silence_evidence = ?`
	args := []any{
		toMicros(now), string(v.Silence.Cause), toMicros(v.Silence.At), v.Silence.For.Microseconds(), v.Silence.Times, evidence,
	}
	if err := s.touch(tx, run, n, now, more, args...); err != nil {
		return err
	}
	return s.flag(tx, run, now)
}

// tells reports whether a verdict's cause is news for the timeline. What was found out about a run before its deadline
// is told when that has passed: most such runs are heard from in time.
func tells(f lifecycle.Facts, v lifecycle.Verdict, now time.Time) bool {
	if v.Silence.Cause == lifecycle.NoCause {
		return false
	}
	was := f.Silence
	changed := was.Cause != v.Silence.Cause || was.At.Before(f.LivenessAt)
	if v.Wait.ID == lifecycle.ObservedWait {
		return changed
	}
	return !now.Before(f.StaleAt) && (changed || was.At.Before(f.StaleAt))
}

// observedWait renews the wait that Temporal explains, and ends it when the run was heard after it began: Temporal tells
// the last heartbeat of an earlier attempt also of the next one. Otherwise it runs out by itself: taking it back would
// make the run stale for a time in which its silence was explained.
func (s *Store) observedWait(tx *gorm.DB, run Run, v lifecycle.Verdict, now time.Time) error {
	if v.Wait.ID == lifecycle.ObservedWait {
		_, err := s.putWait(tx, run.ID, waitRow{Wait: v.Wait}, now)
		return err
	}
	if v.Sign.IsZero() {
		return nil
	}
	_, err := s.endWaits(tx, now, `run_id = ? AND id = ? AND since_at < ?`, run.ID, lifecycle.ObservedWait, toMicros(v.Sign))
	return err
}

// flag records the present silence as one while it goes on: from here on the timeline tells it.
func (s *Store) flag(tx *gorm.DB, run Run, now time.Time) error {
	if now.Before(run.Facts.StaleAt) || !run.FlaggedAt.IsZero() {
		return nil
	}
	result := tx.Exec(`UPDATE run_liveness SET flagged_at = ? WHERE run_id = ? AND stale_at <= ?`, toMicros(now), run.ID, toMicros(now))
	if result.Error != nil {
		return fmt.Errorf("flag run: %w", result.Error)
	}
	if result.RowsAffected == 0 {
		return nil // the verdict itself made it fresh
	}
	return s.noteStale(tx, run, now)
}
