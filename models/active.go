package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// Active is what is active among the runs that a scope and a filter let through. Its numbers are those of the lists of
// BucketActive and BucketLikelyStuck at Now.
type Active struct {
	Runs        []Run // the first: those that are likely stuck, then the others; of each the newest first
	Count       int64
	LikelyStuck int64
	Now         time.Time // zero where there are none
}

// ActiveRuns reads at most limit active runs. It counts in a statement of its own only where there are more.
func (s *Store) ActiveRuns(ctx context.Context, sc Scope, f Filter, limit int) (Active, error) {
	yes := true
	f.Active, f.AsOf = &yes, time.Time{}
	c, err := s.runConditions(ctx, sc, f)
	if err != nil {
		return Active{}, err
	}
	var a Active
	err = s.read(ctx, func(db *gorm.DB) (err error) {
		a.Runs, a.Now, err = s.load(db, fmt.Sprintf(`%s ORDER BY CASE WHEN %s THEN 0 ELSE 1 END, r.queued_at DESC, r.id DESC LIMIT %d`,
			c.where(), staleSQL(s.clock), limit+1), c.args...)
		return err
	})
	if err != nil {
		return Active{}, fmt.Errorf("list active runs: %w", err)
	}
	var more bool
	if a.Runs, more = cut(a.Runs, limit); more {
		return s.countActive(ctx, sc, f, a)
	}
	a.Count = int64(len(a.Runs))
	for _, r := range a.Runs {
		if r.Truth(a.Now).ProblemClass == lifecycle.ActiveStaleAttention {
			a.LikelyStuck++
		}
	}
	return a, nil
}

// countActive adds the numbers at the clock reading of the runs.
func (s *Store) countActive(ctx context.Context, sc Scope, f Filter, a Active) (Active, error) {
	f.AsOf = a.Now
	statement, args, err := s.countSQL(ctx, sc, []counted{{f, []Bucket{BucketActive, BucketLikelyStuck}}}, f)
	if err != nil {
		return Active{}, err
	}
	err = s.read(ctx, func(db *gorm.DB) error { return db.Raw(statement, args...).Row().Scan(&a.Count, &a.LikelyStuck) })
	if err != nil {
		return Active{}, fmt.Errorf("count active runs: %w", err)
	}
	return a, nil
}
