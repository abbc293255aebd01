package models

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// settle closes the books on liveness when a run ends: an episode that is still going on is kept, unless it fell into a
// telemetry gap. Then its beginning goes too, which late signs of life may have left behind, see signSQL.
func settle(before Run, after lifecycle.Facts, now time.Time) lifecycle.Facts {
	f := before.Facts
	if now.Before(f.StaleAt) {
		return after
	}
	if f.InGap {
		if after.StaleEpisodes == 0 {
			after.FirstStaleAt = time.Time{}
		}
		return after
	}
	after.StaleEpisodes++
	if after.FirstStaleAt.IsZero() {
		after.FirstStaleAt = f.StaleAt
	}
	return after
}

// endedInTime reports whether a run's end was there before its silence became suspicious, and only could not be written:
// the record was away, not the run. A silence that a pass has flagged was one, whatever came of it.
func endedInTime(before Run, waited time.Duration, now time.Time) bool {
	return waited > 0 && before.FlaggedAt.IsZero() && now.Add(-waited).Before(before.Facts.StaleAt)
}

// gapEpisodes is how many of a run's episodes fell into a telemetry gap, once it has ended.
func gapEpisodes(before Run, after lifecycle.Facts) int {
	if before.Facts.InGap && !after.CompletedAt.Before(before.Facts.StaleAt) {
		return before.GapEpisodes + 1
	}
	return before.GapEpisodes
}

// recordEnd writes what comes with an end: liveness goes, one notification, superseding.
func (s *Store) recordEnd(tx *gorm.DB, run Run, f lifecycle.Facts, now time.Time) error {
	waits, err := s.endWaits(tx, now, `run_id = ?`, run.ID)
	if err != nil {
		return err
	}
	if err := s.waited(tx, waits, now); err != nil {
		return err
	}
	if err := tx.Exec(`DELETE FROM run_liveness WHERE run_id = ?`, run.ID).Error; err != nil {
		return fmt.Errorf("end liveness: %w", err)
	}
	err = tx.Exec(`INSERT INTO notifications (run_id, workspace_id, user_id, created_at)
		SELECT id, workspace_id, initiator_id, ? FROM operation_runs WHERE id = ?`, toMicros(now), run.ID).Error
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	if !run.Supersedes {
		return nil
	}
	if err := s.supersede(tx, run, f, now); err != nil {
		return fmt.Errorf("supersede: %w", err)
	}
	return nil
}

// supersede runs under the lock on the fingerprint. "Later" is by the time of queueing, then by id.
func (s *Store) supersede(tx *gorm.DB, run Run, f lifecycle.Facts, now time.Time) error {
	if f.Outcome == lifecycle.Succeeded {
		earlier, _, err := s.load(tx, `WHERE r.fingerprint = ? AND (r.queued_at, r.id) < (?, ?) AND r.superseded_by = '' AND `+
			followUpSQL+` ORDER BY r.queued_at, r.id`, run.Fingerprint, toMicros(f.QueuedAt), run.ID)
		if err != nil {
			return err
		}
		for _, bad := range earlier {
			if err := s.markSuperseded(tx, bad, run.ID, now); err != nil {
				return err
			}
		}
		return nil
	}
	later, _, err := s.load(tx, `WHERE r.fingerprint = ? AND (r.queued_at, r.id) > (?, ?) AND r.supersedes
		AND r.status = 'completed' AND r.outcome = 'succeeded' ORDER BY r.queued_at, r.id LIMIT 1`,
		run.Fingerprint, toMicros(f.QueuedAt), run.ID)
	if err != nil || len(later) == 0 {
		return err
	}
	ended, _, err := s.loadOne(tx, run.ID)
	if err != nil || ended.Truth(now).ProblemClass != lifecycle.TerminalFollowUp {
		return err
	}
	return s.markSuperseded(tx, ended, later[0].ID, now)
}

func (s *Store) markSuperseded(tx *gorm.DB, bad Run, by string, now time.Time) error {
	w := wish{Change: lifecycle.Change{Kind: lifecycle.Superseded, By: by}}
	after, err := lifecycle.Apply(bad.Facts, w.Change, now)
	if err != nil {
		return err
	}
	return s.record(tx, bad, after, w, now)
}
