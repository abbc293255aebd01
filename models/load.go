package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Run reads one run together with the clock. ErrNotFound where it is missing or outside the scope, alike.
func (s *Store) Run(ctx context.Context, sc Scope, id string) (Run, time.Time, error) {
	visible, args, err := sc.where()
	if err != nil {
		return Run{}, time.Time{}, err
	}
	var runs []Run
	var now time.Time
	err = s.read(ctx, func(db *gorm.DB) (err error) {
		runs, now, err = s.load(db, `WHERE r.id = ? AND `+visible, append([]any{id}, args...)...)
		return err
	})
	if err != nil {
		return Run{}, time.Time{}, fmt.Errorf("read run: %w", err)
	}
	if len(runs) == 0 {
		return Run{}, time.Time{}, ErrNotFound
	}
	return runs[0], now, nil
}

// listed reads runs with the clock, also where there are none to read it with.
func (s *Store) listed(ctx context.Context, what, where string, args ...any) ([]Run, time.Time, error) {
	var runs []Run
	var now time.Time
	err := s.read(ctx, func(db *gorm.DB) (err error) {
		runs, now, err = s.load(db, where, args...)
		return err
	})
	if err == nil && len(runs) == 0 {
		now, err = s.Now(ctx)
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("%s: %w", what, err)
	}
	return runs, now, nil
}

// load reads the runs that a WHERE clause and what follows it select, with the clock of the same statement. now is
// zero where there is none.
func (s *Store) load(db *gorm.DB, where string, args ...any) ([]Run, time.Time, error) {
	var rows []runRow
	if err := db.Raw(s.selectRuns()+where, args...).Scan(&rows).Error; err != nil {
		return nil, time.Time{}, err
	}
	runs := make([]Run, len(rows))
	var now time.Time
	for i := range rows {
		runs[i], now = rows[i].run(s), fromMicros(rows[i].Now)
	}
	return runs, now, nil
}

func (s *Store) selectRuns() string { return `SELECT ` + runColumns + s.clock + ` AS now` + runTables }

// loadOne reads a run of which the transaction holds the lock.
func (s *Store) loadOne(tx *gorm.DB, id string) (Run, time.Time, error) {
	runs, now, err := s.load(tx, `WHERE r.id = ?`, id)
	if err != nil {
		return Run{}, time.Time{}, fmt.Errorf("read run: %w", err)
	}
	if len(runs) == 0 {
		return Run{}, time.Time{}, ErrNotFound
	}
	return runs[0], now, nil
}
