package models

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// What beats and checks show beside life, a step's next attempt and a wait within a step, is told on the timeline where it
// changes, never per beat. A step that fails every second, or a server that asks for a pause again and again, must not
// flood it.
const (
	maxSeen   = 100         // events of either kind per run; the last says that the others are left out
	leastHeld = time.Second // shorter waits within a step are not told
)

// attempts tells of the runs whose beats come from another attempt than before, if that is not a step's first.
func (s *Store) attempts(tx *gorm.DB, before map[string]Owner, accepted []Beat, now time.Time) error {
	for _, b := range accepted {
		if b.Attempt < 2 || before[b.RunID].is(b) {
			continue
		}
		if err := s.seen(tx, b.RunID, now, lifecycle.StepRetried, EventData{Attempt: b.Attempt}); err != nil {
			return err
		}
	}
	return nil
}

// attemptChecked tells of an attempt that Temporal alone tells apart: the steps of a wrapped workflow beat as one.
func (s *Store) attemptChecked(tx *gorm.DB, run Run, found lifecycle.Evidence, now time.Time) error {
	if found.Activity != lifecycle.ActivityStarted || found.Attempt < 2 || found.Attempt == run.Facts.Silence.Evidence.Attempt || run.Owner.Attempt > 1 {
		return nil
	}
	return s.seen(tx, run.ID, now, lifecycle.StepRetried, EventData{Attempt: found.Attempt})
}

// waited tells of waits within a step that have ended, each in one event with its begin and its end.
func (s *Store) waited(tx *gorm.DB, ended []endedWait, now time.Time) error {
	for _, w := range ended {
		until := min(w.UntilAt, toMicros(now))
		if w.Kind != lifecycle.HeldWait || until-w.SinceAt < leastHeld.Microseconds() {
			continue
		}
		if err := s.seen(tx, w.RunID, now, lifecycle.Waited, EventData{Wait: w.Reason, WaitID: w.ID, By: w.DeclaredBy, Since: w.SinceAt, Until: until}); err != nil {
			return err
		}
	}
	return nil
}

// seen appends such an event, as long as the run has few of its kind.
func (s *Store) seen(tx *gorm.DB, runID string, at time.Time, k lifecycle.Kind, d EventData) error {
	var n int
	if err := tx.Raw(`SELECT COUNT(*) FROM run_events WHERE run_id = ? AND kind = ?`, runID, string(k)).Scan(&n).Error; err != nil {
		return fmt.Errorf("count events %s: %w", k, err)
	}
	switch {
	case n >= maxSeen:
		return nil
	case n == maxSeen-1:
		d.Note = "later ones are not told"
	}
	return s.event(tx, runID, at, k, "", d)
}
