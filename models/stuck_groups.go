package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// StuckGroup is the likely stuck runs of one cause on one task queue.
type StuckGroup struct {
	lifecycle.Group
	Newest     time.Time // when the last of them became likely stuck
	LastHeard  time.Time // newest sign of life of any
	CheckedAt  time.Time // when Temporal was last asked about any; zero: about none
	Workspaces int64
	Claimed    int64 // somebody is on it
}

// Filter is the list of exactly the group's runs within base, at the clock reading of the groups.
func (g StuckGroup) Filter(base Filter, now time.Time) Filter {
	f := BucketLikelyStuck.Filter(base, now)
	f.Queue, f.Cause = g.Queue, cmp.Or(g.Cause, lifecycle.CauseNotKnown)
	return f
}

// StuckGroups groups the likely stuck runs that scope and filter let through by cause and task queue, the worst group
// first, at the filter's clock reading. It is one statement, and its cost follows the stuck runs alone.
func (s *Store) StuckGroups(ctx context.Context, sc Scope, f Filter) ([]StuckGroup, error) {
	f.Class = lifecycle.ActiveStaleAttention
	c, err := s.runConditions(ctx, sc, f)
	if err != nil {
		return nil, err
	}
	cause, readings := readAt(f.AsOf, causeSQL(s.nowSQL(f)))
	var rows []struct {
		Cause, Queue                          string
		Runs, Workspaces, Claimed, InGap      int64
		SinceAt, NewestAt, HeardAt, CheckedAt int64
	}
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT g.cause, g.queue, COUNT(*) AS runs, COUNT(DISTINCT g.workspace_id) AS workspaces,
				SUM(g.claimed) AS claimed, SUM(g.in_gap) AS in_gap, MIN(g.stale_at) AS since_at, MAX(g.stale_at) AS newest_at,
				MAX(g.liveness_at) AS heard_at, MAX(g.silence_at) AS checked_at
			FROM (SELECT `+cause+` AS cause, r.queue, r.workspace_id, l.stale_at, l.liveness_at, l.silence_at,
				CASE WHEN r.claimed_at > 0 THEN 1 ELSE 0 END AS claimed, CASE WHEN `+inGapSQL+` THEN 1 ELSE 0 END AS in_gap
				FROM operation_runs r JOIN run_liveness l ON l.run_id = r.id `+c.where()+`) g
			GROUP BY g.cause, g.queue`, append(readings, c.args...)...).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("group stuck runs: %w", err)
	}
	groups := make([]StuckGroup, len(rows))
	for i, row := range rows {
		groups[i] = StuckGroup{
			Group: lifecycle.Group{
				Cause: lifecycle.Cause(row.Cause), Queue: row.Queue, Runs: row.Runs,
				Since: fromMicros(row.SinceAt), Gap: row.InGap == row.Runs,
			},
			Newest: fromMicros(row.NewestAt), LastHeard: fromMicros(row.HeardAt), CheckedAt: fromMicros(row.CheckedAt),
			Workspaces: row.Workspaces, Claimed: row.Claimed,
		}
	}
	slices.SortFunc(groups, func(a, b StuckGroup) int {
		switch {
		case a.Worse(b.Group):
			return -1
		case b.Worse(a.Group):
			return 1
		}
		return strings.Compare(a.Queue+string(a.Cause), b.Queue+string(b.Cause))
	})
	return groups, nil
}
