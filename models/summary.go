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
	BucketFollowUpRecent Bucket = "follow_up_recent" // open, ended within Recent
	BucketFollowUpOlder  Bucket = "follow_up_older"  // open, ended before
	BucketSucceeded24h   Bucket = "succeeded_24h"
)

// Recent is how long an ended follow-up counts as recent.
const Recent = 7 * 24 * time.Hour

// Filter is the bucket's part of base, at the clock reading of a Summary: the list that has exactly as many rows. A
// period in which runs ended is the bucket's and base's both.
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
		f.Class, f.Open, f.EndedFrom = lifecycle.TerminalFollowUp, &yes, later(f.EndedFrom, now.Add(-Recent))
	case BucketFollowUpOlder:
		f.Class, f.Open = lifecycle.TerminalFollowUp, &yes
		if older := now.Add(-Recent); f.EndedTo.IsZero() || older.Before(f.EndedTo) {
			f.EndedTo = older
		}
	case BucketSucceeded24h:
		f.Outcome, f.EndedFrom = lifecycle.Succeeded, later(f.EndedFrom, now.Add(-24*time.Hour))
	}
	return f
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Summary counts the buckets of what scope and filter let through, at the filter's clock reading or now.
func (s *Store) Summary(ctx context.Context, sc Scope, f Filter) (Summary, error) {
	if f.AsOf.IsZero() {
		now, err := s.Now(ctx)
		if err != nil {
			return Summary{}, err
		}
		f.AsOf = now
	}
	sum := Summary{Now: f.AsOf}
	active, follow, good := BucketActive.Filter(f, f.AsOf), f, BucketSucceeded24h.Filter(f, f.AsOf)
	open := true
	follow.Class, follow.Open = lifecycle.TerminalFollowUp, &open
	if good.EndedTo.IsZero() {
		// No run ends so late. Of one bound PostgreSQL expects a third of all runs, and it would plan this anew each time.
		good.EndedTo = f.AsOf.AddDate(100, 0, 0)
	}
	statement, args, err := s.countSQL(ctx, sc, []counted{
		{active, []Bucket{BucketActive, BucketQueued, BucketRunning, BucketLikelyStuck}},
		{follow, []Bucket{BucketFollowUpRecent, BucketFollowUpOlder}},
		{good, []Bucket{BucketSucceeded24h}},
	}, f)
	if err != nil {
		return Summary{}, err
	}
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(statement, args...).Row().Scan(&sum.Active, &sum.Queued, &sum.Running, &sum.LikelyStuck,
			&sum.FollowUpRecent, &sum.FollowUpOlder, &sum.Succeeded24h)
	})
	if err != nil {
		return Summary{}, fmt.Errorf("count runs: %w", err)
	}
	return sum, nil
}

// counted is runs that are read once, and the buckets that they are counted into.
type counted struct {
	runs    Filter
	buckets []Bucket
}

// countSQL selects one row with the number of every bucket of base, in order.
func (s *Store) countSQL(ctx context.Context, sc Scope, all []counted, base Filter) (string, []any, error) {
	base.Text, base.Initiator = "", "" // what is read has them; they need not be looked up for each number
	var tables []string
	var args []any
	for i, c := range all {
		among, err := s.runConditions(ctx, sc, c.runs)
		if err != nil {
			return "", nil, err
		}
		counts := make([]string, len(c.buckets))
		for n, b := range c.buckets {
			part, err := s.runConditions(ctx, sc, b.Filter(base, base.AsOf))
			if err != nil {
				return "", nil, err
			}
			counts[n] = fmt.Sprintf("COUNT(*) FILTER (%s) AS n%d", part.where(), n)
			args = append(args, part.args...)
		}
		tables = append(tables, fmt.Sprintf(`(SELECT %s%s) c%d`, strings.Join(counts, ", "), among.from(counts...), i))
		args = append(args, among.args...)
	}
	return "SELECT * FROM " + strings.Join(tables, ", "), args, nil
}
