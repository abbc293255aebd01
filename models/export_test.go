package models

import (
	"context"
	"database/sql"
	"time"

	"gorm.io/gorm"
)

// Touch recomputes a run's deadline as every write does.
func (s *Store) Touch(ctx context.Context, runID string) error {
	return s.Write(ctx, func(tx *gorm.DB) error {
		run, now, err := s.lockActive(tx, runID)
		if err != nil {
			return err
		}
		return s.touch(tx, run, kept(), now, "")
	})
}

// WithProcessClock makes the store note outages by another clock than the process's.
func (s *Store) WithProcessClock(now func() time.Time) *Store {
	s.away.now = now
	return s
}

// OtherProcess is the store of a process that has noted nothing of this one.
func (s *Store) OtherProcess() *Store {
	other := *s
	other.away = &outage{now: time.Now}
	return &other
}

// ExplainList is the planner's answer for a list.
func (s *Store) ExplainList(ctx context.Context, sc Scope, f Filter, p Page) (string, error) {
	statement, args, err := s.listSQL(ctx, sc, f, p)
	if err != nil {
		return "", err
	}
	return s.explain(ctx, s.selectRuns()+statement, args...)
}

// ExplainLineage is the planner's answer for Lineage.
func (s *Store) ExplainLineage(ctx context.Context, run Run) (string, error) {
	where, args := related(run, 20)
	return s.explain(ctx, s.selectRuns()+where+` ORDER BY r.queued_at DESC, r.id DESC`, args...)
}

// ExplainReasons is the planner's answer for the reasons of a run's failed items.
func (s *Store) ExplainReasons(ctx context.Context, runID string) (string, error) {
	return s.explain(ctx, reasonsSQL, runID, 20, runID)
}

// ExplainFailures is the planner's answer for FailureGroups.
func (s *Store) ExplainFailures(ctx context.Context, sc Scope, f Filter) (string, error) {
	statement, args, err := s.failuresSQL(ctx, sc, f)
	if err != nil {
		return "", err
	}
	return s.explain(ctx, statement, args...)
}

// Dialect is the name of the store's database.
func (s *Store) Dialect() string { return s.d.Name }

func (s *Store) explain(ctx context.Context, statement string, args ...any) (string, error) {
	explain := "EXPLAIN "
	column := 0
	if s.d.Name == "sqlite" {
		explain, column = "EXPLAIN QUERY PLAN ", 3
	}
	rows, err := s.db.WithContext(ctx).Raw(explain+statement, args...).Rows()
	if err != nil {
		return "", err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return "", err
	}
	plan := ""
	for rows.Next() {
		cells := make([]any, len(names))
		texts := make([]sql.NullString, len(names))
		for i := range cells {
			cells[i] = &texts[i]
		}
		if err := rows.Scan(cells...); err != nil {
			return "", err
		}
		plan += texts[column].String + "\n"
	}
	return plan, rows.Err()
}
