package models

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// RecordBeats writes a worker's batch of beats in one statement, in the order of run ids, and says that the worker
// lives, even with no beats. It returns the beats of attempts that no longer own their run: of ended runs, of older
// attempts and of other executions. Their activities should be cancelled. Beats from aside are returned of ended runs only.
func (s *Store) RecordBeats(ctx context.Context, w WorkerRow, beats []Beat) ([]Beat, error) {
	// The ages are those of this moment: a batch that has to wait for its turn must not make its beats look younger.
	entered := time.Now()
	handed, err := s.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("record beats: %w", err)
	}
	slack := time.Since(entered)
	var rejected []Beat
	err = s.Write(ctx, func(tx *gorm.DB) error {
		rejected = nil
		if err := s.putWorker(tx, w); err != nil {
			return err
		}
		if len(beats) == 0 {
			return nil
		}
		owners, now, err := s.lockOwners(tx, beats)
		if err != nil {
			return err
		}
		before := make(map[string]Owner, len(owners))
		for id, run := range owners {
			before[id] = run.Owner
		}
		var accepted []Beat
		accepted, rejected = settleOwners(owners, beats, handed, slack)
		if len(accepted) == 0 {
			return nil
		}
		if err := s.beatWaits(tx, accepted, handed, now); err != nil {
			return err
		}
		if err := s.attempts(tx, before, accepted, now); err != nil {
			return err
		}
		if err := s.missed(tx, owners, accepted, handed, now); err != nil {
			return err
		}
		return s.writeBeats(tx, owners, accepted, handed, now)
	})
	if err != nil {
		return nil, fmt.Errorf("record beats: %w", err)
	}
	return rejected, nil
}

// CancelAsked lists those of the runs, which must be active still, for which a cancel was asked.
func (s *Store) CancelAsked(ctx context.Context, runIDs []string) (asked []string, err error) {
	if len(runIDs) == 0 {
		return nil, nil
	}
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT r.id FROM operation_runs r WHERE `+activeSQL+` AND r.cancel_at > 0 AND r.id IN ?`, runIDs).Scan(&asked).Error
	})
	if err != nil {
		return nil, fmt.Errorf("read cancels of %d runs: %w", len(runIDs), err)
	}
	return asked, nil
}

// lockOwners locks the runs of the beats in the order of their ids, so that two batches cannot lock each other out.
func (s *Store) lockOwners(tx *gorm.DB, beats []Beat) (map[string]*Run, time.Time, error) {
	ids := make([]string, 0, len(beats))
	for _, b := range beats {
		ids = append(ids, b.RunID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if s.d.RowLock != "" {
		if err := tx.Exec(`SELECT run_id FROM run_liveness WHERE run_id IN ? ORDER BY run_id`+s.d.RowLock, ids).Error; err != nil {
			return nil, time.Time{}, fmt.Errorf("lock liveness: %w", err)
		}
	}
	return s.readOwners(tx, ids)
}

// readOwners reads what is known of runs whose liveness rows are locked, with the clock.
func (s *Store) readOwners(tx *gorm.DB, ids []string) (map[string]*Run, time.Time, error) {
	var rows []struct {
		RunID, TemporalRunID, ActivityID                            string
		Attempt, OwnerStartedAt, LivenessAt, StaleAt, FlaggedAt, At int64
		InGap                                                       bool
		GapEpisodes                                                 int
	}
	err := tx.Raw(`SELECT l.run_id, l.temporal_run_id, l.activity_id, l.attempt, l.owner_started_at, l.liveness_at, l.stale_at,
		l.flagged_at, l.gap_episodes, `+inGapSQL+` AS in_gap, `+s.clock+` AS at FROM run_liveness l WHERE l.run_id IN ?`, ids).Scan(&rows).Error
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read liveness: %w", err)
	}
	owners := make(map[string]*Run, len(rows))
	var now time.Time
	for _, row := range rows {
		now = fromMicros(row.At)
		owners[row.RunID] = &Run{
			ID: row.RunID,
			Owner: Owner{
				TemporalRunID: row.TemporalRunID, ActivityID: row.ActivityID, Attempt: int(row.Attempt),
				StartedAt: fromMicros(row.OwnerStartedAt),
			},
			FlaggedAt: fromMicros(row.FlaggedAt), GapEpisodes: row.GapEpisodes,
			Facts: lifecycle.Facts{
				LivenessAt: fromMicros(row.LivenessAt), StaleAt: fromMicros(row.StaleAt), InGap: row.InGap,
			},
		}
	}
	return owners, now, nil
}

// beatWaits ends the waits that the beats leave behind, and stores those that they declare.
func (s *Store) beatWaits(tx *gorm.DB, accepted []Beat, handed, now time.Time) error {
	ids := make([]string, len(accepted))
	byRun := make(map[string]Beat, len(accepted))
	for i, b := range accepted {
		ids[i], byRun[b.RunID] = b.RunID, b
	}
	var waits []waitOf
	err := tx.Raw(`SELECT run_id, id, kind, temporal_run_id, activity_id, attempt, since_at FROM run_waits
		WHERE run_id IN ? AND id <> ? ORDER BY run_id, id`, ids, lifecycle.ObservedWait).Scan(&waits).Error
	if err != nil {
		return fmt.Errorf("read waits: %w", err)
	}
	for _, w := range waits {
		if w.goesOn(byRun[w.RunID], handed) {
			continue
		}
		if err := s.leaveWaits(tx, now, `run_id = ? AND id = ?`, w.RunID, w.ID); err != nil {
			return err
		}
	}
	for _, b := range accepted {
		if b.Held == nil || b.Aside {
			continue
		}
		_, err := s.putWait(tx, b.RunID, waitRow{
			Wait: lifecycle.Wait{
				ID: b.Held.id(), Kind: lifecycle.HeldWait, Reason: b.Held.Reason, By: b.Held.By, Since: now, Until: handed.Add(b.Held.Lasts),
			},
			owner: Owner{TemporalRunID: b.TemporalRunID, ActivityID: b.ActivityID, Attempt: b.Attempt},
		}, now)
		if err != nil {
			return err
		}
	}
	return nil
}

// waitOf is a stored wait that a beat may leave behind.
type waitOf struct {
	RunID, ID, TemporalRunID, ActivityID string
	Kind                                 lifecycle.WaitKind
	Attempt                              int
	SinceAt                              int64
}

// goesOn reports whether the wait outlasts a beat of its run's owner. A held one does while its own attempt repeats it, a
// handover until a beat was made after it, and the workflow's own one until a step begins: its steps and waits take turns,
// so that a wait which a reset from outside left behind ends there too. What is at work aside takes no turns.
func (w waitOf) goesOn(b Beat, handed time.Time) bool {
	if b.Aside {
		return true
	}
	since := fromMicros(w.SinceAt)
	owner := Owner{TemporalRunID: w.TemporalRunID, ActivityID: w.ActivityID, Attempt: w.Attempt}
	switch {
	case w.ID == lifecycle.HandoverWait:
		return owner.is(b) && !handed.Add(-b.Age).After(since)
	case w.Kind == lifecycle.HeldWait:
		return owner.is(b) && b.Held != nil && b.Held.id() == w.ID
	}
	return !handed.Add(-b.StartedAge).After(since)
}

func (h HeldWait) id() string {
	if h.ID == "" {
		return "held"
	}
	return h.ID
}

// missed marks the silences in which runs beat in vain, because the record was away: those fell into a telemetry gap.
func (s *Store) missed(tx *gorm.DB, owners map[string]*Run, accepted []Beat, handed, now time.Time) error {
	var runs []string
	for _, b := range accepted {
		f := &owners[b.RunID].Facts
		if b.MissedAge > 0 && !now.Before(f.StaleAt) && handed.Add(-b.MissedAge).Before(f.StaleAt) {
			f.InGap = true
			runs = append(runs, b.RunID)
		}
	}
	if len(runs) == 0 {
		return nil
	}
	if err := tx.Exec(`UPDATE run_liveness SET in_gap = TRUE WHERE run_id IN ?`, runs).Error; err != nil {
		return fmt.Errorf("mark missed beats: %w", err)
	}
	return nil
}

// writeBeats is the one statement for the batch.
func (s *Store) writeBeats(tx *gorm.DB, owners map[string]*Run, accepted []Beat, handed, now time.Time) error {
	values := make([]string, len(accepted))
	var args []any
	for i, b := range accepted {
		values[i] = "(CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT))"
		o := owners[b.RunID].Owner
		args = append(args, b.RunID, toMicros(now), toMicros(handed.Add(-b.Age)), o.TemporalRunID, o.ActivityID, o.Attempt, toMicros(o.StartedAt))
	}
	n := kept()
	n.liveness = s.d.Greatest + "(l.liveness_at, v.beat_at)"
	var written []deadline
	err := tx.Raw(`WITH v (id, at, beat_at, temporal_run_id, activity_id, attempt, started_at) AS (VALUES `+strings.Join(values, ", ")+`)
		UPDATE run_liveness AS l SET `+s.signSQL(n, "v.at")+`, temporal_run_id = v.temporal_run_id, activity_id = v.activity_id,
			attempt = v.attempt, owner_started_at = v.started_at
		FROM v WHERE l.run_id = v.id RETURNING run_id, stale_at, gap_episodes`, args...).Scan(&written).Error
	if err != nil {
		return fmt.Errorf("write liveness: %w", err)
	}
	for _, w := range written {
		if err := s.noteRecovered(tx, *owners[w.RunID], w, now); err != nil {
			return err
		}
	}
	return nil
}
