package models

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// Census counts the runs that are active and those that ended and still need somebody, for those who watch the whole.
// History is left out, so that the cost of a count does not grow with it. It has no scope: it names no run's workspace.
type Census struct {
	Counts []CensusCount
	Stuck  []StuckRun // one for each likely stuck run
}

// CensusCount counts the runs that share these properties.
type CensusCount struct {
	Type   string
	Status lifecycle.Status
	Class  lifecycle.ProblemClass
	Open   bool
	N      int64
}

// StuckRun is what is counted of a likely stuck run.
type StuckRun struct {
	Type  string
	Queue string
	Cause lifecycle.Cause
	Late  time.Duration // past its deadline
}

// Census takes the counts at one reading of the clock.
func (s *Store) Census(ctx context.Context) (Census, error) {
	var c Census
	err := s.read(ctx, func(db *gorm.DB) error {
		stale, now, err := s.load(db, `WHERE `+staleSQL(s.clock))
		if err != nil {
			return err
		}
		clock := s.clock
		if !now.IsZero() {
			clock = strconv.FormatInt(toMicros(now), 10)
		}
		for _, run := range stale {
			truth := run.Truth(now)
			c.Stuck = append(c.Stuck, StuckRun{
				Type: run.Facts.Type, Queue: run.Facts.Queue, Cause: truth.Cause, Late: now.Sub(run.Facts.StaleAt),
			})
		}
		return db.Raw(`SELECT r.type, r.status, CASE WHEN `+staleSQL(clock)+` THEN ? ELSE ? END AS class, FALSE AS open, count(*) AS n `+
			`FROM operation_runs r JOIN run_liveness l ON l.run_id = r.id WHERE `+activeSQL+` GROUP BY 1, 2, 3 `+
			`UNION ALL SELECT r.type, r.status, ?, TRUE, count(*) FROM operation_runs r WHERE `+openSQL+` GROUP BY 1, 2`,
			lifecycle.ActiveStaleAttention, lifecycle.NoProblem, lifecycle.TerminalFollowUp).Scan(&c.Counts).Error
	})
	if err != nil {
		return Census{}, fmt.Errorf("count runs: %w", err)
	}
	return c, nil
}
