package models

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// failureSQL is an ended run's FailureKey.
const failureSQL = `COALESCE(NULLIF(r.failure_reason, ''), '` + string(NoReason) + `')`

// FailureKey is what runs that failed alike have in common, see lifecycle.Facts.FailureReason. It is never empty.
type FailureKey string

// NoReason is the key of runs that ended without a word.
const NoReason FailureKey = "-"

// FailureGroup is open follow-ups of one operation type that ended alike.
type FailureGroup struct {
	Type       string
	Outcome    lifecycle.Outcome
	Reconciled bool            // opstruth closed them, for Cause
	Cause      lifecycle.Cause // of the reconciled ones
	Key        FailureKey
	Code       string // of the example's failure
	Runs       int64
	Workspaces int64
	Lineage    int64 // of Runs, those that were likely stuck before they ended
	Example    Example
}

// Example is one run of a group: the one that was queued last.
type Example struct {
	RunID   string
	Message string // as it was recorded
	EndedAt time.Time
}

// Badge is the state that the group's runs are in.
func (g FailureGroup) Badge() lifecycle.Badge {
	if g.Reconciled {
		return lifecycle.StateReconciled.Badge()
	}
	return g.Outcome.Badge()
}

// Filter is the list of exactly the group's runs within base, which the groups were made of.
func (g FailureGroup) Filter(base Filter) Filter {
	f := base
	f.Type, f.Outcome, f.Failure, f.Freshness = g.Type, g.Outcome, string(g.Key), lifecycle.TerminalNormal
	if g.Reconciled {
		f.Freshness, f.Cause = lifecycle.ReconciledFailed, cmp.Or(g.Cause, lifecycle.CauseNotKnown)
	}
	return f
}

// maxFailureGroups bounds what a page can show; the rest is in the list itself.
const maxFailureGroups = 100

// FailureGroups groups the runs that scope and filter let through by how they ended, the largest group first, at most
// a hundred. Give it a filter of open follow-ups: its cost follows the runs that it groups.
func (s *Store) FailureGroups(ctx context.Context, sc Scope, f Filter) ([]FailureGroup, error) {
	statement, args, err := s.failuresSQL(ctx, sc, f)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Type, Outcome, Cause, Failure, RunID, Code, Message string
		Reconciled                                          bool
		Runs, Workspaces, Lineage, EndedAt                  int64
	}
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(statement, args...).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("group ended runs: %w", err)
	}
	groups := make([]FailureGroup, len(rows))
	for i, row := range rows {
		groups[i] = FailureGroup{
			Type: row.Type, Outcome: lifecycle.Outcome(row.Outcome), Reconciled: row.Reconciled, Cause: lifecycle.Cause(row.Cause),
			Key: FailureKey(row.Failure), Code: row.Code, Runs: row.Runs, Workspaces: row.Workspaces, Lineage: row.Lineage,
			Example: Example{RunID: row.RunID, Message: row.Message, EndedAt: fromMicros(row.EndedAt)},
		}
	}
	return groups, nil
}

func (s *Store) failuresSQL(ctx context.Context, sc Scope, f Filter) (string, []any, error) {
	c, err := s.runConditions(ctx, sc, f)
	if err != nil {
		return "", nil, err
	}
	return `WITH alike AS (
			SELECT r.id, r.type, r.outcome, (r.reconciled_at > 0) AS reconciled, ` + failureSQL + ` AS failure,
				CASE WHEN r.reconciled_at > 0 THEN r.reconciled_cause ELSE '' END AS cause, r.workspace_id,
				CASE WHEN r.stale_episodes > 0 OR r.reconciled_at > 0 THEN 1 ELSE 0 END AS lineage` + c.from() + `),
		grouped AS (
			SELECT type, outcome, reconciled, cause, failure, COUNT(*) AS runs, COUNT(DISTINCT workspace_id) AS workspaces,
				SUM(lineage) AS lineage, MAX(id) AS run_id
			FROM alike GROUP BY type, outcome, reconciled, cause, failure
			ORDER BY runs DESC, run_id DESC LIMIT ?)
		SELECT g.*, e.failure_code AS code, e.failure_message AS message, e.completed_at AS ended_at FROM grouped g JOIN operation_runs e ON e.id = g.run_id
		ORDER BY g.runs DESC, g.run_id DESC`, append(c.args, maxFailureGroups), nil
}
