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
	var written deadline
	result := tx.Raw(`WITH c (at, liveness, progress) AS (VALUES (CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT)))
		UPDATE run_liveness AS l SET `+s.signSQL(n, "c.at")+more+` FROM c WHERE l.run_id = ? RETURNING run_id, stale_at, gap_episodes`,
		append(append([]any{toMicros(now), toMicros(n.livenessAt), toMicros(n.progressAt)}, args...), run.ID)...).Scan(&written)
	if result.Error != nil {
		return fmt.Errorf("write liveness: %w", result.Error)
	}
	return s.noteRecovered(tx, run, written, now)
}

// deadline is what a write of a sign leaves in a liveness row.
type deadline struct {
	RunID                string
	StaleAt, GapEpisodes int64
}

// noteRecovered records that a silence ended, when the newly stored deadline is in the future again. Whether it fell into
// a gap is what the write has counted: another process may have told of an outage since the run was read.
func (s *Store) noteRecovered(tx *gorm.DB, run Run, written deadline, now time.Time) error {
	staleAt := fromMicros(written.StaleAt)
	if now.Before(run.Facts.StaleAt) || !now.Before(staleAt) {
		return nil
	}
	run.Facts.InGap = written.GapEpisodes > int64(run.GapEpisodes)
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
