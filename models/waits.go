package models

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// waitRow is a declared wait with the attempt that holds it; none holds a durable one.
type waitRow struct {
	lifecycle.Wait
	owner Owner
}

// DeclareWait suspends the deadlines of a run for so long from now. A wait with the same id is renewed.
func (s *Store) DeclareWait(ctx context.Context, runID string, w lifecycle.Wait, lasts time.Duration) error {
	_, err := s.change(ctx, runID, wish{Change: lifecycle.Change{Kind: lifecycle.WaitDeclared, Actor: w.By, Wait: w}, lasts: lasts})
	return err
}

// EndWait ends the durable wait with this id; one that is not there has ended before, and nothing is written.
func (s *Store) EndWait(ctx context.Context, runID, waitID string) error {
	_, err := s.Transition(ctx, runID, lifecycle.Change{Kind: lifecycle.WaitEnded, Wait: lifecycle.Wait{ID: waitID}})
	if errors.Is(err, lifecycle.ErrUnchanged) {
		return nil
	}
	return err
}

// LeaveWaits ends the waits that the run's workflow declared, as one that begins does: it waits for nothing yet. What others
// let the run wait for goes on. It is a sign of life.
func (s *Store) LeaveWaits(ctx context.Context, runID string) error {
	err := s.Write(ctx, func(tx *gorm.DB) error {
		run, now, err := s.lockActive(tx, runID)
		if err != nil {
			return err
		}
		err = s.leaveWaits(tx, now, `run_id = ? AND kind = 'durable' AND id NOT IN (?, ?)`, runID, lifecycle.ObservedWait, lifecycle.HandoverWait)
		if err != nil {
			return err
		}
		return s.touch(tx, run, s.heard(now), now, "")
	})
	if err != nil {
		return fmt.Errorf("end the waits of its workflow: %w", err)
	}
	return nil
}

// putWait stores a wait of a run whose liveness row is locked, and returns it as it is stored: its end is cut to what the
// policy leaves of the run's total waiting.
func (s *Store) putWait(tx *gorm.DB, runID string, w waitRow, now time.Time) (lifecycle.Wait, error) {
	// One of this name that ran out unnoticed is another wait.
	if err := s.leaveWaits(tx, now, `run_id = ? AND id = ? AND until_at < ?`, runID, w.ID, toMicros(now)); err != nil {
		return lifecycle.Wait{}, err
	}
	// One that the workflow declares again begins anew: after a reset it keeps its name, and a step that was cut off may
	// have begun since the first time. What it has lasted counts.
	if w.Kind == lifecycle.DurableWait && w.ID != lifecycle.ObservedWait {
		if _, err := s.endWaits(tx, now, `run_id = ? AND id = ? AND kind = 'durable'`, runID, w.ID); err != nil {
			return lifecycle.Wait{}, err
		}
	}
	var left struct{ MaxWait, Waited, Since int64 }
	err := tx.Raw(`SELECT l.max_wait, l.waited, COALESCE((SELECT since_at FROM run_waits WHERE run_id = l.run_id AND id = ?), 0) AS since
		FROM run_liveness l WHERE l.run_id = ?`, w.ID, runID).Scan(&left).Error
	if err != nil {
		return lifecycle.Wait{}, fmt.Errorf("read waits: %w", err)
	}
	if w.Since.IsZero() {
		w.Since = now
	}
	if left.Since > 0 {
		w.Since = fromMicros(left.Since) // a renewed wait goes on
	}
	w.Wait = lifecycle.Policy{MaxWait: microseconds(left.MaxWait)}.LimitWait(w.Wait, microseconds(left.Waited))
	w.Reason, w.By = storable(w.Reason), storable(w.By)
	err = tx.Exec(`INSERT INTO run_waits (run_id, id, kind, reason, declared_by, since_at, until_at, temporal_run_id, activity_id, attempt)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (run_id, id) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, declared_by = excluded.declared_by,
			until_at = excluded.until_at, temporal_run_id = excluded.temporal_run_id, activity_id = excluded.activity_id, attempt = excluded.attempt`,
		runID, w.ID, string(w.Kind), w.Reason, w.By, toMicros(w.Since), toMicros(w.Until), w.owner.TemporalRunID, w.owner.ActivityID, w.owner.Attempt).Error
	if err != nil {
		return lifecycle.Wait{}, fmt.Errorf("store wait: %w", err)
	}
	return w.Wait, s.syncWaits(tx, []string{runID})
}

// endedWait is a wait that was removed.
type endedWait struct {
	RunID, ID, Reason, DeclaredBy string
	Kind                          lifecycle.WaitKind
	SinceAt, UntilAt              int64
}

// endWait removes one durable wait and returns it; lifecycle.ErrUnchanged where it is not there.
func (s *Store) endWait(tx *gorm.DB, runID, id string, now time.Time) (lifecycle.Wait, error) {
	ended, err := s.endWaits(tx, now, `run_id = ? AND id = ? AND kind = 'durable'`, runID, id)
	if err != nil {
		return lifecycle.Wait{}, err
	}
	if len(ended) == 0 {
		return lifecycle.Wait{}, lifecycle.ErrUnchanged
	}
	return lifecycle.Wait{ID: id, Kind: lifecycle.DurableWait, Reason: ended[0].Reason}, nil
}

// leaveWaits is endWaits for waits that nobody ends by their name: the timeline tells the end of those whose begin it told.
func (s *Store) leaveWaits(tx *gorm.DB, now time.Time, condition string, args ...any) error {
	ended, err := s.endWaits(tx, now, condition, args...)
	if err != nil {
		return err
	}
	for _, w := range ended {
		if w.Kind != lifecycle.DurableWait || w.ID == lifecycle.ObservedWait {
			continue
		}
		at := fromMicros(min(w.UntilAt, toMicros(now)))
		if err := s.event(tx, w.RunID, at, lifecycle.WaitEnded, "", EventData{Wait: w.Reason, WaitID: w.ID}); err != nil {
			return err
		}
	}
	return s.waited(tx, ended, now)
}

// endWaits removes the waits that a condition on run_waits selects, adds up how long they lasted, and returns them.
func (s *Store) endWaits(tx *gorm.DB, now time.Time, condition string, args ...any) ([]endedWait, error) {
	var ended []endedWait
	err := tx.Raw(`DELETE FROM run_waits WHERE `+condition+` RETURNING run_id, id, reason, declared_by, kind, since_at, until_at`, args...).Scan(&ended).Error
	if err != nil {
		return nil, fmt.Errorf("end waits: %w", err)
	}
	var runs []string
	for _, w := range ended {
		runs = append(runs, w.RunID)
		if w.ID == lifecycle.ObservedWait {
			continue
		}
		lasted := max(0, min(w.UntilAt, toMicros(now))-w.SinceAt)
		if err := tx.Exec(`UPDATE run_liveness SET waited = waited + ? WHERE run_id = ?`, lasted, w.RunID).Error; err != nil {
			return nil, fmt.Errorf("count waits: %w", err)
		}
	}
	return ended, s.syncWaits(tx, runs)
}

// syncWaits brings the declared waits into the liveness rows, from which the next sign computes the deadline.
func (s *Store) syncWaits(tx *gorm.DB, runIDs []string) error {
	if len(runIDs) == 0 {
		return nil
	}
	err := tx.Exec(`UPDATE run_liveness AS l SET
		durable_until = COALESCE((SELECT MAX(w.until_at) FROM run_waits w WHERE w.run_id = l.run_id AND w.kind = 'durable'), 0),
		held_until = COALESCE((SELECT MAX(w.until_at) FROM run_waits w WHERE w.run_id = l.run_id AND w.kind = 'held'), 0),
		wait_id = COALESCE((SELECT w.id FROM run_waits w WHERE w.run_id = l.run_id ORDER BY w.until_at DESC, w.id LIMIT 1), '')
		WHERE l.run_id IN ?`, runIDs).Error
	if err != nil {
		return fmt.Errorf("write waits: %w", err)
	}
	return nil
}
