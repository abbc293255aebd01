package models

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

const (
	handOverBatch = 100             // runs of one transaction: it must not stand in the way of their ends
	handOverOne   = 2 * time.Second // for a run that somebody else held
	goodbye       = 2 * time.Second // for the worker's row, whatever became of its runs
)

// HandOver is a worker's goodbye: its runs wait for another worker for at most limit without being flagged, and its
// row goes. Runs that have ended meanwhile are left alone. An error tells of runs that are flagged when they are late,
// as those of a lost worker are; the row goes nevertheless.
func (s *Store) HandOver(ctx context.Context, workerID string, runIDs []string, limit time.Duration) error {
	wait := lifecycle.Wait{
		ID: lifecycle.HandoverWait, Kind: lifecycle.DurableWait, Reason: "its worker stopped; another one takes over", By: workerID,
	}
	var held []string
	var errs []error
	skip := s.d.RowLock
	if skip != "" {
		skip += " SKIP LOCKED" // one run that somebody holds must not keep a hundred
	}
	for ids := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(runIDs))), handOverBatch) {
		left, err := s.handOver(ctx, ids, wait, limit, skip)
		if err != nil {
			left = ids
		}
		held = append(held, left...)
	}
	for i, id := range held {
		if ctx.Err() != nil {
			errs = append(errs, fmt.Errorf("%d runs are left: %w", len(held)-i, ctx.Err()))
			break
		}
		one, cancel := context.WithTimeout(ctx, handOverOne)
		_, err := s.handOver(one, []string{id}, wait, limit, s.d.RowLock)
		cancel()
		if err != nil {
			errs = append(errs, fmt.Errorf("run %s: %w", id, err))
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if _, err := s.exec(last, `DELETE FROM workers WHERE id = ?`, workerID); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	return nil
}

// handOver lets runs wait, in one transaction, and returns those that have no liveness row or that the lock passed over.
func (s *Store) handOver(ctx context.Context, ids []string, wait lifecycle.Wait, limit time.Duration, lock string) (left []string, err error) {
	err = s.Write(ctx, func(tx *gorm.DB) error {
		left = nil
		var locked []string
		if err := tx.Raw(`SELECT run_id FROM run_liveness WHERE run_id IN ? ORDER BY run_id`+lock, ids).Scan(&locked).Error; err != nil {
			return fmt.Errorf("lock liveness: %w", err)
		}
		for _, id := range ids {
			if _, found := slices.BinarySearch(locked, id); !found {
				left = append(left, id)
			}
		}
		if len(locked) == 0 {
			return nil
		}
		runs, now, err := s.readOwners(tx, locked)
		if err != nil {
			return err
		}
		wait.Since, wait.Until = now, now.Add(limit)
		waits, err := s.putHandovers(tx, runs, wait, now)
		if err != nil {
			return err
		}
		return s.suspend(tx, runs, waits, now)
	})
	return left, err
}

// putHandovers is putWait for many runs at once.
func (s *Store) putHandovers(tx *gorm.DB, runs map[string]*Run, wait lifecycle.Wait, now time.Time) (map[string]lifecycle.Wait, error) {
	ids := slices.Sorted(maps.Keys(runs))
	if err := s.leaveWaits(tx, now, `run_id IN ? AND id = ? AND until_at < ?`, ids, wait.ID, toMicros(now)); err != nil {
		return nil, err
	}
	var left []struct {
		RunID                  string
		MaxWait, Waited, Since int64
	}
	err := tx.Raw(`SELECT l.run_id, l.max_wait, l.waited, COALESCE(w.since_at, 0) AS since FROM run_liveness l
		LEFT JOIN run_waits w ON w.run_id = l.run_id AND w.id = ? WHERE l.run_id IN ? ORDER BY l.run_id`, wait.ID, ids).Scan(&left).Error
	if err != nil {
		return nil, fmt.Errorf("read waits: %w", err)
	}
	waits := make(map[string]lifecycle.Wait, len(left))
	var args []any
	for _, l := range left {
		w := wait
		if l.Since > 0 {
			w.Since = fromMicros(l.Since) // a renewed wait goes on
		}
		w = lifecycle.Policy{MaxWait: microseconds(l.MaxWait)}.LimitWait(w, microseconds(l.Waited))
		waits[l.RunID] = w
		o := runs[l.RunID].Owner
		args = append(args, l.RunID, w.ID, string(w.Kind), w.Reason, w.By, toMicros(w.Since), toMicros(w.Until), o.TemporalRunID, o.ActivityID, o.Attempt)
	}
	err = tx.Exec(`INSERT INTO run_waits (run_id, id, kind, reason, declared_by, since_at, until_at, temporal_run_id, activity_id, attempt)
		VALUES `+repeated("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", len(left))+`
		ON CONFLICT (run_id, id) DO UPDATE SET reason = excluded.reason, declared_by = excluded.declared_by, until_at = excluded.until_at,
			temporal_run_id = excluded.temporal_run_id, activity_id = excluded.activity_id, attempt = excluded.attempt`, args...).Error
	if err != nil {
		return nil, fmt.Errorf("store waits: %w", err)
	}
	return waits, s.syncWaits(tx, ids)
}

// suspend brings the waits of runs into their deadlines and timelines.
func (s *Store) suspend(tx *gorm.DB, runs map[string]*Run, waits map[string]lifecycle.Wait, now time.Time) error {
	var written []deadline
	err := tx.Raw(`WITH c (at, liveness) AS (VALUES (CAST(? AS BIGINT), CAST(? AS BIGINT)))
		UPDATE run_liveness AS l SET `+s.signSQL(s.heard(now), "c.at")+` FROM c WHERE l.run_id IN ? RETURNING run_id, stale_at, gap_episodes`,
		toMicros(now), toMicros(now), slices.Sorted(maps.Keys(runs))).Scan(&written).Error
	if err != nil {
		return fmt.Errorf("write liveness: %w", err)
	}
	for _, w := range written {
		if err := s.noteRecovered(tx, *runs[w.RunID], w, now); err != nil {
			return err
		}
	}
	var args []any
	for _, id := range slices.Sorted(maps.Keys(waits)) {
		w := waits[id]
		data, err := encode(EventData{Wait: w.Reason, WaitID: w.ID, Until: toMicros(w.Until)})
		if err != nil {
			return err
		}
		args = append(args, id, toMicros(now), string(lifecycle.WaitDeclared), w.By, data)
	}
	err = tx.Exec(`INSERT INTO run_events (run_id, at, kind, actor, data) VALUES `+repeated("(?, ?, ?, ?, ?)", len(waits)), args...).Error
	if err != nil {
		return fmt.Errorf("append events: %w", err)
	}
	return nil
}

func repeated(row string, n int) string { return row + strings.Repeat(", "+row, n-1) }
