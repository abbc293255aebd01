package models

import (
	"fmt"

	"github.com/opstruth/opstruth/lifecycle"
)

// causeSQL is the cause that lifecycle.Derive names at now, an SQL expression of microseconds, once more as SQL on
// operation_runs r and run_liveness l: the word of the cause, or empty where none is known. A property test holds the
// two equal, branch by branch.
func causeSQL(now string) string {
	// Integers in place of Check.overdue's 2.5 passes. A pass that never was lies at zero, as long ago as can be.
	const every = `COALESCE((SELECT rs.pass_every FROM reconciler_state rs WHERE rs.id = 1), 0)`
	const temporal = `COALESCE((SELECT rs.temporal_at FROM reconciler_state rs WHERE rs.id = 1), 0)`
	overdue := func(since string) string {
		return fmt.Sprintf(`(%s > 0 AND 2 * (%s - %s) > 5 * %s)`, every, now, since, every)
	}
	stale := staleSQL(now)
	return fmt.Sprintf(`(CASE
		WHEN %[1]s THEN CASE WHEN r.reconciled_at > 0 THEN r.reconciled_cause ELSE '' END
		WHEN %[2]s AND r.status = 'running' AND l.liveness_at + l.stale_after > %[3]s
			THEN CASE WHEN l.silence_cause = 'activity_retrying' AND l.silence_at >= l.progress_at THEN 'activity_retrying' ELSE 'no_progress' END
		WHEN %[2]s AND (%[4]s OR (l.silence_at < l.liveness_at AND %[5]s)) THEN 'unverified'
		WHEN l.silence_at < l.liveness_at OR l.silence_cause = 'unverified' THEN ''
		WHEN %[2]s OR l.silence_cause IN ('paused', 'backlogged', 'activity_retrying') THEN l.silence_cause
		ELSE '' END)`,
		endedSQL, stale, now, overdue(temporal),
		overdue(`(CASE WHEN l.verified_at > l.stale_at THEN l.verified_at ELSE l.stale_at END)`))
}

// causeOf is the cause that a filter asks for, as causeSQL writes it.
func causeOf(c lifecycle.Cause) string {
	if c == lifecycle.CauseNotKnown {
		return string(lifecycle.NoCause)
	}
	return string(c)
}
