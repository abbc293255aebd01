package models

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// FinishPass records that a pass of the reconciler ended, and its breakers. Runs that are silent without a confirmed
// cause while a breaker of theirs is open are marked: that silence fell into a telemetry gap.
func (s *Store) FinishPass(ctx context.Context, p PassReport) error {
	cursors, audit, err := encodePass(p)
	if err != nil {
		return err
	}
	err = s.Write(ctx, func(tx *gorm.DB) error {
		err := tx.Exec(`INSERT INTO reconciler_state (id, pass_at, temporal_at, pass_every, took, schedule_paused, closed_up_to, cursors, audit)
			VALUES (1, `+s.clock+`, CASE WHEN ? THEN `+s.clock+` ELSE 0 END, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET pass_at = excluded.pass_at, pass_every = excluded.pass_every, took = excluded.took,
				temporal_at = CASE WHEN excluded.temporal_at > 0 THEN excluded.temporal_at ELSE reconciler_state.temporal_at END,
				schedule_paused = excluded.schedule_paused,
				closed_up_to = CASE WHEN excluded.closed_up_to > 0 THEN excluded.closed_up_to ELSE reconciler_state.closed_up_to END,
				cursors = CASE WHEN excluded.cursors <> '{}' THEN excluded.cursors ELSE reconciler_state.cursors END,
				audit = CASE WHEN excluded.audit <> '{}' THEN excluded.audit ELSE reconciler_state.audit END`,
			p.TemporalAnswered, p.Every.Microseconds(), p.Took.Microseconds(), p.SchedulePaused, toMicros(p.ClosedUpTo), cursors, audit).Error
		if err != nil {
			return err
		}
		for _, scope := range slices.Sorted(maps.Keys(p.Breakers)) {
			b := p.Breakers[scope]
			err := tx.Exec(`INSERT INTO breakers (scope, is_open, since, below) VALUES (?, ?, ?, ?)
				ON CONFLICT (scope) DO UPDATE SET is_open = excluded.is_open, since = excluded.since, below = excluded.below`,
				scope, b.Open, toMicros(b.Since), b.Below).Error
			if err != nil {
				return err
			}
		}
		if err := tx.Exec(`DELETE FROM outages WHERE to_at < `+s.clock+` - CAST(? AS BIGINT)`, outagesFor.Microseconds()).Error; err != nil {
			return err
		}
		return s.markGap(tx)
	})
	if err != nil {
		return fmt.Errorf("finish pass: %w", err)
	}
	return nil
}

// encodePass makes texts of what a pass leaves to the next; "{}" keeps what is there.
func encodePass(p PassReport) (cursors, audit string, err error) {
	cursors, audit = "{}", "{}"
	if p.Cursors != nil {
		if cursors, err = encode(p.Cursors); err != nil {
			return "", "", err
		}
		if cursors == "{}" {
			cursors = "{ }" // all at their beginnings, which is news
		}
	}
	if p.Audit != nil {
		if audit, err = encode(p.Audit); err != nil {
			return "", "", err
		}
	}
	return cursors, audit, nil
}

// NoteSchedule records whether a person paused the reconciler's schedule. No pass can tell: a paused one has none. The
// next pass that ends takes it back.
func (s *Store) NoteSchedule(ctx context.Context, paused bool) error {
	_, err := s.exec(ctx, `UPDATE reconciler_state SET schedule_paused = ? WHERE schedule_paused <> ?`, paused, paused)
	if err != nil {
		return fmt.Errorf("note the reconciler's schedule: %w", err)
	}
	return nil
}

func (s *Store) markGap(tx *gorm.DB) error {
	ids := []string{}
	err := tx.Raw(`SELECT l.run_id FROM run_liveness l WHERE NOT l.in_gap AND l.stale_at <= ` + s.clock + ` AND ` + breakerSQL +
		` ORDER BY l.run_id` + s.d.RowLock).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return err
	}
	return tx.Exec(`UPDATE run_liveness SET in_gap = TRUE WHERE run_id IN ?`, ids).Error
}

// ReconcilerState reads what the reconciler knows about itself, with the clock. Before its first pass it is zero.
func (s *Store) ReconcilerState(ctx context.Context) (ReconcilerState, time.Time, error) {
	around, err := s.surroundings(ctx, "0")
	return around.State, around.Now, err
}

// Surroundings is what every page shows beside its own.
type Surroundings struct {
	State  ReconcilerState
	Now    time.Time
	Unread int // notifications of who reads, up to MaxUnread
}

// Surroundings reads them in one statement.
func (s *Store) Surroundings(ctx context.Context, m Mailbox) (Surroundings, error) {
	count, args, err := m.countUnread()
	if err != nil {
		return Surroundings{}, err
	}
	return s.surroundings(ctx, "("+count+")", args...)
}

func (s *Store) surroundings(ctx context.Context, unread string, args ...any) (Surroundings, error) {
	var rows []struct { // the state, once for each breaker
		PassAt, TemporalAt, PassEvery, Took, ClosedUpTo, Now int64
		Unread                                               int
		SchedulePaused                                       bool
		Cursors, Audit                                       string
		Scope                                                *string // nil where there is none
		IsOpen                                               bool
		Since, Below                                         int64
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT `+s.clock+` AS now, `+unread+` AS unread, rs.pass_at, rs.temporal_at, rs.pass_every, rs.took, rs.closed_up_to,
			rs.schedule_paused, rs.cursors, rs.audit, b.scope, b.is_open, b.since, b.below FROM (SELECT 1 AS one) AS o
			LEFT JOIN reconciler_state rs ON rs.id = 1 LEFT JOIN breakers b ON TRUE`, args...).Scan(&rows).Error
	})
	if err != nil {
		return Surroundings{}, fmt.Errorf("read the reconciler's state: %w", err)
	}
	row := rows[0]
	state := ReconcilerState{
		PassAt: fromMicros(row.PassAt), TemporalAt: fromMicros(row.TemporalAt), Every: microseconds(row.PassEvery),
		Took: microseconds(row.Took), SchedulePaused: row.SchedulePaused, ClosedUpTo: fromMicros(row.ClosedUpTo),
		Breakers: make(map[string]lifecycle.Breaker, len(rows)),
	}
	// What cannot be read begins anew.
	state.Cursors, _ = decoded[Cursors](s, "cursors", "the reconciler", row.Cursors)
	state.Audit, _ = decoded[Audit](s, "audit", "the reconciler", row.Audit)
	for _, b := range rows {
		if b.Scope == nil {
			continue
		}
		state.Breakers[*b.Scope] = lifecycle.Breaker{Open: b.IsOpen, Since: fromMicros(b.Since), Below: int(b.Below)}
	}
	return Surroundings{State: state, Now: fromMicros(row.Now), Unread: row.Unread}, nil
}
