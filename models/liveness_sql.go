package models

import (
	"fmt"
	"time"
)

// sign holds SQL operands for the new values of a run's liveness row, which the statement calls l. They are columns,
// never parameters, since the expressions repeat them.
type sign struct {
	liveness string
	progress string
	running  string

	// Values of the columns c.liveness and c.progress, see touch.
	livenessAt time.Time
	progressAt time.Time
}

// kept is a sign that leaves everything as it is.
func kept() sign {
	return sign{liveness: "l.liveness_at", progress: "l.progress_at", running: "l.running"}
}

// heard is a sign of life at a moment, merged by maximum.
func (s *Store) heard(at time.Time) sign {
	n := kept()
	n.liveness, n.livenessAt = s.d.Greatest+"(l.liveness_at, c.liveness)", at
	return n
}

// staleAtSQL is lifecycle.StaleAt as SQL: the one place where stale_at is computed. The declared waits have been
// brought into the row before.
func (s *Store) staleAtSQL(n sign) string {
	deadline := fmt.Sprintf(`(%s + CASE WHEN %s THEN l.stale_after ELSE l.queued_stale_after END)`, n.liveness, n.running)
	stalled := fmt.Sprintf(`%s(%s + l.progress_timeout, CASE WHEN l.held_until > 0 THEN l.held_until + l.wait_slack ELSE 0 END)`,
		s.d.Greatest, n.progress)
	due := fmt.Sprintf(`CASE WHEN %s AND l.progress_timeout > 0 THEN %s(%s, %s) ELSE %s END`,
		n.running, s.d.Least, deadline, stalled, deadline)
	return fmt.Sprintf(`%s(%s, CASE WHEN l.durable_until > 0 THEN l.durable_until + l.wait_slack ELSE 0 END)`, s.d.Greatest, due)
}

// signSQL is the SET list of every write to a liveness row. It recomputes stale_at, and where one that has passed
// moves it keeps the episode: its beginning when it moves at all, its count when the run is fresh again. Only then is it
// known for good whether it fell into a telemetry gap: the beginning of the first one goes where it did.
// at is the operand for the moment of the write.
func (s *Store) signSQL(n sign, at string) string {
	stale := s.staleAtSQL(n)
	moved := fmt.Sprintf(`(l.stale_at <= %s AND %s > l.stale_at)`, at, stale)
	recovered := fmt.Sprintf(`(l.stale_at <= %s AND %s > %s)`, at, stale, at)
	return fmt.Sprintf(`liveness_at = %s, progress_at = %s, running = %s, version = l.version + 1, stale_at = %s,
	first_stale_at = CASE WHEN %s AND l.first_stale_at = 0 AND NOT %s THEN l.stale_at
		WHEN %s AND l.stale_episodes = 0 AND %s THEN 0 ELSE l.first_stale_at END,
	stale_episodes = l.stale_episodes + CASE WHEN %s AND NOT %s THEN 1 ELSE 0 END,
	gap_episodes = l.gap_episodes + CASE WHEN %s AND %s THEN 1 ELSE 0 END,
	recovered_at = CASE WHEN %s AND NOT %s THEN %s ELSE l.recovered_at END,
	in_gap = CASE WHEN %s THEN FALSE ELSE l.in_gap END,
	flagged_at = CASE WHEN %s THEN 0 ELSE l.flagged_at END`,
		n.liveness, n.progress, n.running, stale,
		moved, inGapSQL, recovered, inGapSQL,
		recovered, inGapSQL,
		recovered, inGapSQL,
		recovered, inGapSQL, at,
		recovered,
		recovered)
}
