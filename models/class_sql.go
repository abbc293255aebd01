package models

import (
	"fmt"

	"github.com/opstruth/opstruth/lifecycle"
)

// The truth of lifecycle.Derive once more, as conditions on operation_runs r and run_liveness l, for filters and
// counts. A property test holds the two equal. Partial indexes repeat the conditions on ended runs word for word.

const (
	activeSQL   = `r.status <> 'completed'`
	endedSQL    = `r.status = 'completed'`
	followUpSQL = `(r.status = 'completed' AND (r.reconciled_at > 0 OR r.outcome IN ('failed', 'partially_succeeded', 'blocked')))`
	openSQL     = followUpSQL + ` AND r.acknowledged_at = 0 AND r.superseded_by = ''`

	// inGapSQL says that a present silence fell into a telemetry gap: it was marked so, or a breaker is open now and
	// Temporal has not confirmed the silence with a cause of its own, or it began while the record was away.
	inGapSQL   = `(l.in_gap OR ` + breakerSQL + ` OR ` + outageSQL + `)`
	breakerSQL = `(EXISTS (SELECT 1 FROM breakers g WHERE g.is_open AND g.scope IN ('', l.queue)) AND NOT ` + confirmedSQL + `)`

	confirmedSQL = `(l.silence_at >= l.liveness_at AND l.silence_cause NOT IN ('', 'unverified'))`

	// outageSQL leaves the first beats after an outage 5 s to come. A step that could not write to the record looks lost
	// or retried in Temporal too, so a cause counts that was found while the record was away for some processes only, or
	// after the run had as long as ever to be heard again.
	outageSQL = `EXISTS (SELECT 1 FROM outages o WHERE o.from_at <= l.stale_at AND o.to_at >= l.stale_at - 5000000
		AND NOT (` + confirmedSQL + ` AND (l.silence_at - l.silence_for < o.to_at - 5000000 OR l.silence_at >= o.to_at + l.stale_after)))`
)

// staleSQL is likely_stale at now, an SQL expression of microseconds.
func staleSQL(now string) string {
	return fmt.Sprintf(`(%s AND l.stale_at <= %s)`, activeSQL, now)
}

// freshnessSQL is the condition for one freshness.
func freshnessSQL(f lifecycle.Freshness, now string) (string, bool) {
	switch f {
	case lifecycle.FreshActive:
		return fmt.Sprintf(`(%s AND l.stale_at > %s)`, activeSQL, now), true
	case lifecycle.LikelyStale:
		return staleSQL(now), true
	case lifecycle.ReconciledFailed:
		return `(` + endedSQL + ` AND r.reconciled_at > 0)`, true
	case lifecycle.TerminalNormal:
		return `(` + endedSQL + ` AND r.reconciled_at = 0)`, true
	}
	return "", false
}

// classSQL is the condition for one problem class.
func classSQL(c lifecycle.ProblemClass, now string) (string, bool) {
	switch c {
	case lifecycle.ActiveStaleAttention:
		return staleSQL(now), true
	case lifecycle.TerminalFollowUp:
		return followUpSQL, true
	case lifecycle.NoProblem:
		return fmt.Sprintf(`((%s AND l.stale_at > %s) OR (%s AND r.reconciled_at = 0 AND r.outcome NOT IN ('failed', 'partially_succeeded', 'blocked')))`,
			activeSQL, now, endedSQL), true
	}
	return "", false
}

// lineageRowsSQL holds for every run with stale lineage and for few others. It follows from lineageSQL; indexes repeat it
// word for word, and the planner has to be told. That it holds for active runs must not be plain, or SQLite would list
// those by its indexes.
const lineageRowsSQL = `NOT (r.status = 'completed' AND r.stale_episodes = 0 AND r.reconciled_at = 0)`

// lineageSQL is the condition for stale lineage.
func lineageSQL(now string) string {
	return fmt.Sprintf(`(COALESCE(l.stale_episodes, r.stale_episodes) > 0 OR (%s AND r.reconciled_at > 0) OR (%s AND NOT %s))`,
		endedSQL, staleSQL(now), inGapSQL)
}
