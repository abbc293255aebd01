package models

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// touch writes a sign of life, or whatever else moved a deadline, to the liveness row of a run that the transaction
// has locked. more are further columns of the statement.
func (s *Store) touch(tx *gorm.DB, run Run, n sign, now time.Time, more string, args ...any) error {
	var staleAt int64
	result := tx.Raw(`WITH c (at, liveness, progress) AS (VALUES (CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT)))
		UPDATE run_liveness AS l SET `+s.signSQL(n, "c.at")+more+` FROM c WHERE l.run_id = ? RETURNING stale_at`,
		append(append([]any{toMicros(now), toMicros(n.livenessAt), toMicros(n.progressAt)}, args...), run.ID)...).Scan(&staleAt)
	if result.Error != nil {
		return fmt.Errorf("write liveness: %w", result.Error)
	}
	return s.noteRecovered(tx, run, fromMicros(staleAt), now)
}

// noteRecovered records that a silence ended, when the newly stored deadline is in the future again.
func (s *Store) noteRecovered(tx *gorm.DB, run Run, staleAt, now time.Time) error {
	if now.Before(run.Facts.StaleAt) || !now.Before(staleAt) {
		return nil
	}
	if err := s.noteStale(tx, run, now); err != nil {
		return err
	}
	return s.event(tx, run.ID, now, lifecycle.Recovered, "", EventData{
		StaleAt: toMicros(run.Facts.StaleAt), Gap: run.Facts.InGap,
	})
}

// truth is a condition as an SQL operand.
func truth(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}
