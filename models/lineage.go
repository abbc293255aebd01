package models

import (
	"context"
	"fmt"
	"strconv"

	"gorm.io/gorm"
)

// Lineage is the runs that a run names or is named by, as far as a scope opens them.
type Lineage struct {
	RetryOf      *Run  // the run that it tries again
	Retries      []Run // runs that try it again, the newest first
	SupersededBy *Run  // the later run that made it good
	Superseded   []Run // earlier runs that it made good, the newest first
}

// Lineage reads a run's relatives in one statement; of each kind at most so many, the newest.
func (s *Store) Lineage(ctx context.Context, sc Scope, run Run, limit int) (Lineage, error) {
	visible, seen, err := sc.where()
	if err != nil {
		return Lineage{}, err
	}
	where, args := related(run, limit)
	f := run.Facts
	var runs []Run
	err = s.read(ctx, func(db *gorm.DB) (err error) {
		runs, _, err = s.load(db, where+` AND `+visible+` ORDER BY r.queued_at DESC, r.id DESC`, append(args, seen...)...)
		return err
	})
	if err != nil {
		return Lineage{}, fmt.Errorf("read the lineage of run %s: %w", run.ID, err)
	}
	var l Lineage
	for i, r := range runs {
		if r.ID == f.RetryOf {
			l.RetryOf = &runs[i]
		}
		if r.ID == f.SupersededBy {
			l.SupersededBy = &runs[i]
		}
		if r.Facts.RetryOf == run.ID {
			l.Retries = append(l.Retries, r)
		}
		if r.Facts.SupersededBy == run.ID {
			l.Superseded = append(l.Superseded, r)
		}
	}
	return l, nil
}

// related is the condition that a run names another or is named by it. The ids are one list, found by index: of several
// alternatives the planner would ask every run.
func related(run Run, limit int) (string, []any) {
	some := ` ORDER BY n.queued_at DESC, n.id DESC LIMIT ` + strconv.Itoa(limit)
	return `WHERE r.id IN (SELECT n.id FROM operation_runs n WHERE n.id IN (?, ?)
		UNION ALL SELECT id FROM (SELECT n.id FROM operation_runs n WHERE n.retry_of = ?` + some + `) a
		UNION ALL SELECT id FROM (SELECT n.id FROM operation_runs n WHERE n.superseded_by = ? AND n.superseded_by <> ''` + some + `) b)`,
		[]any{run.Facts.RetryOf, run.Facts.SupersededBy, run.ID, run.ID}
}

// FirstTry is the run at the begin of a chain of retries: the run itself where it retries none. It is for the engine.
func (s *Store) FirstTry(ctx context.Context, runID string) (string, error) {
	type row struct{ ID string }
	r, err := one[row](ctx, s, "run", `WITH RECURSIVE tries (id, retry_of) AS (
			SELECT id, retry_of FROM operation_runs WHERE id = ?
			UNION ALL SELECT r.id, r.retry_of FROM operation_runs r JOIN tries t ON r.id = t.retry_of)
		SELECT id FROM tries WHERE retry_of IS NULL`, runID)
	return r.ID, err
}
