package models

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// Bucket names a number of a Summary.
type Bucket string

const (
	BucketActive         Bucket = "active"
	BucketQueued         Bucket = "queued"
	BucketRunning        Bucket = "running"
	BucketLikelyStuck    Bucket = "likely_stuck"
	BucketFollowUpRecent Bucket = "follow_up_recent" // open, ended within RecentDays
	BucketFollowUpOlder  Bucket = "follow_up_older"  // open, ended before
	BucketSucceeded24h   Bucket = "succeeded_24h"
)

// Recent is how long an ended follow-up counts as recent.
const Recent = 7 * 24 * time.Hour

// Filter is the bucket's part of base, at the clock reading of a Summary: the list that has exactly as many rows.
func (b Bucket) Filter(base Filter, now time.Time) Filter {
	f, yes := base, true
	f.AsOf = now
	switch b {
	case BucketActive:
		f.Active = &yes
	case BucketQueued:
		f.Status = lifecycle.Queued
	case BucketRunning:
		f.Status = lifecycle.Running
	case BucketLikelyStuck:
		f.Class = lifecycle.ActiveStaleAttention
	case BucketFollowUpRecent:
		f.Class, f.Open, f.EndedFrom = lifecycle.TerminalFollowUp, &yes, now.Add(-Recent)
	case BucketFollowUpOlder:
		f.Class, f.Open, f.EndedTo = lifecycle.TerminalFollowUp, &yes, now.Add(-Recent)
	case BucketSucceeded24h:
		f.Outcome, f.EndedFrom = lifecycle.Succeeded, now.Add(-24*time.Hour)
	}
	return f
}

// Summary counts the buckets of what scope and filter let through.
func (s *Store) Summary(ctx context.Context, sc Scope, f Filter) (Summary, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return Summary{}, err
	}
	if !f.AsOf.IsZero() {
		now = f.AsOf
	}
	sum := Summary{Now: now}
	counts := []struct {
		bucket Bucket
		into   *int64
	}{
		{BucketActive, &sum.Active}, {BucketQueued, &sum.Queued}, {BucketRunning, &sum.Running},
		{BucketLikelyStuck, &sum.LikelyStuck}, {BucketFollowUpRecent, &sum.FollowUpRecent},
		{BucketFollowUpOlder, &sum.FollowUpOlder}, {BucketSucceeded24h, &sum.Succeeded24h},
	}
	var parts []string
	var args []any
	for _, c := range counts {
		conditions, err := s.runConditions(sc, c.bucket.Filter(f, now))
		if err != nil {
			return Summary{}, err
		}
		parts = append(parts, `SELECT '`+string(c.bucket)+`' AS bucket, COUNT(*) AS n FROM operation_runs r
			LEFT JOIN run_liveness l ON l.run_id = r.id `+conditions.where())
		args = append(args, conditions.args...)
	}
	var rows []struct {
		Bucket Bucket
		N      int64
	}
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(strings.Join(parts, " UNION ALL "), args...).Scan(&rows).Error
	})
	if err != nil {
		return Summary{}, fmt.Errorf("count runs: %w", err)
	}
	for _, row := range rows {
		for _, c := range counts {
			if c.bucket == row.Bucket {
				*c.into = row.N
			}
		}
	}
	return sum, nil
}
