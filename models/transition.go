package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// Transition is the one writer of a run's lifecycle. In one transaction it reads the run and the clock, asks
// lifecycle.Apply, and stores the new facts with an event; a run that ends also gets its one notification, and
// supersedes or is superseded. A change that Apply refuses stores nothing: its error comes with the current run.
func (s *Store) Transition(ctx context.Context, runID string, c lifecycle.Change) (Run, error) {
	return s.change(ctx, runID, wish{Change: c})
}

// wish is a change with what only the store knows how to write.
type wish struct {
	lifecycle.Change
	lasts      time.Duration // WaitDeclared: begins now and lasts so long, instead of the wait's own times
	dispatched []assignment  // Dispatched: where
}

func (s *Store) change(ctx context.Context, runID string, w wish) (Run, error) {
	var run Run
	var refused error
	w.Change = storableChange(w.Change)
	err := s.Write(ctx, func(tx *gorm.DB) error {
		refused = nil
		before, now, err := s.lockRun(tx, runID, ends(w.Kind))
		if err != nil {
			return err
		}
		if w.lasts > 0 {
			w.Wait.Since, w.Wait.Until = now, now.Add(w.lasts)
		}
		after, err := lifecycle.Apply(before.Facts, w.Change, now)
		if err != nil {
			run, refused = before, err
			return nil //nolint:nilerr // a refusal is an answer: there is nothing to undo
		}
		err = s.record(tx, before, after, w, now)
		if w.Kind == lifecycle.WaitEnded && errors.Is(err, lifecycle.ErrUnchanged) { // nothing was written
			run, refused = before, err
			return nil
		}
		if err != nil {
			return err
		}
		run, _, err = s.loadOne(tx, runID)
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, lifecycle.ErrOvertaken):
		return Run{}, err
	case err != nil:
		return Run{}, fmt.Errorf("record %s of run %s: %w", w.Kind, runID, err)
	}
	return run, refused
}

// ends reports whether a change of this kind may end a run.
func ends(k lifecycle.Kind) bool {
	return k == lifecycle.Finished || k == lifecycle.Adopted || k == lifecycle.Reconciled || k == lifecycle.CancelForced
}

// lockRun makes the transaction the only writer of the run, then reads it. Locks are taken in one order everywhere:
// fingerprint, run, liveness.
func (s *Store) lockRun(tx *gorm.DB, runID string, ending bool) (Run, time.Time, error) {
	if s.d.Advisory && ending {
		// Runs that end with the same fingerprint take turns, so that each sees the other's end.
		err := tx.Exec(`SELECT pg_advisory_xact_lock(hashtextextended(fingerprint, 0))
			FROM operation_runs WHERE id = ? AND supersedes`, runID).Error
		if err != nil {
			return Run{}, time.Time{}, fmt.Errorf("lock the fingerprint: %w", err)
		}
	}
	if s.d.RunLock != "" {
		if err := tx.Exec(`SELECT id FROM operation_runs WHERE id = ?`+s.d.RunLock, runID).Error; err != nil {
			return Run{}, time.Time{}, fmt.Errorf("lock run: %w", err)
		}
		if err := tx.Exec(`SELECT run_id FROM run_liveness WHERE run_id = ?`+s.d.RowLock, runID).Error; err != nil {
			return Run{}, time.Time{}, fmt.Errorf("lock liveness: %w", err)
		}
	}
	return s.loadOne(tx, runID)
}

// record stores what Apply allowed.
func (s *Store) record(tx *gorm.DB, before Run, after lifecycle.Facts, w wish, now time.Time) error {
	ending := before.Facts.Status.Active() && !after.Status.Active()
	if ending {
		before.Facts.InGap = before.Facts.InGap || endedInTime(before, w.Waited, now)
		after = settle(before, after, now)
		var err error
		if after.Reasons, err = s.countReasons(tx, before.ID, after); err != nil {
			return err
		}
		if err := s.noteStale(tx, before, now); err != nil {
			return err
		}
	} else if after.Status.Active() {
		if err := s.recordLiveness(tx, before, after, &w, now); err != nil {
			return err
		}
	}
	if err := s.updateRun(tx, before, after, w.dispatched); err != nil {
		return err
	}
	data := changeData(after, w)
	data.Gap = ending && gapEpisodes(before, after) > before.GapEpisodes
	if err := s.event(tx, before.ID, now, w.Kind, w.Actor, data); err != nil {
		return err
	}
	if ending {
		return s.recordEnd(tx, before, after, now)
	}
	return nil
}

// updateRun is the compare-and-set on the record's version.
func (s *Store) updateRun(tx *gorm.DB, before Run, after lifecycle.Facts, more []assignment) error {
	columns := factColumns(after)
	if e := after.Reconciliation.Evidence; e != before.Facts.Reconciliation.Evidence { // else it stays as it is stored, readable or not
		evidence, err := encode(e)
		if err != nil {
			return err
		}
		columns = append(columns, assignment{"evidence", evidence})
	}
	if after.Status == lifecycle.Completed && before.Facts.Status.Active() {
		columns = append(columns,
			assignment{"gap_episodes", gapEpisodes(before, after)}, assignment{"verified_at", toMicros(before.Facts.VerifiedAt)})
	}
	columns = append(columns, more...)
	sets, args := make([]string, len(columns)), make([]any, len(columns), len(columns)+2)
	for i, c := range columns {
		sets[i], args[i] = c.column+" = ?", c.value
	}
	result := tx.Exec(`UPDATE operation_runs SET `+strings.Join(sets, ", ")+` WHERE id = ? AND version = ?`,
		append(args, before.ID, before.Facts.Version)...)
	if result.Error != nil {
		return result.Error
	}
	if result.RowsAffected == 0 {
		return lifecycle.ErrOvertaken
	}
	return nil
}

// recordLiveness brings a change into the liveness row, where it touches one. A wait is left in the wish as it was stored.
func (s *Store) recordLiveness(tx *gorm.DB, before Run, after lifecycle.Facts, w *wish, now time.Time) error {
	var err error
	switch w.Kind { // only these touch liveness
	case lifecycle.Started:
	case lifecycle.Planned:
		err = tx.Exec(`UPDATE run_liveness SET total = ? WHERE run_id = ?`, after.Counts.Total, before.ID).Error
	case lifecycle.WaitDeclared:
		w.Wait, err = s.putWait(tx, before.ID, waitRow{Wait: w.Wait}, now)
	case lifecycle.WaitEnded:
		w.Wait, err = s.endWait(tx, before.ID, w.Wait.ID, now)
	default:
		return nil
	}
	if err != nil {
		return fmt.Errorf("record liveness: %w", err)
	}
	return s.touch(tx, before, sign{
		liveness: "c.liveness", progress: "c.progress", running: truth(after.Status == lifecycle.Running),
		livenessAt: after.LivenessAt, progressAt: after.ProgressAt,
	}, now, "")
}
