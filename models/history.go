package models

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

const day = 24 * time.Hour

// History is how runs ended, day by day. Days are UTC's.
type History struct {
	From, To time.Time // midnight, and the clock reading at which it was counted: the last day is not over
	Counts   []HistoryCount
}

// HistoryCount counts the runs of a type that ended so on a day, of which there is at least one.
type HistoryCount struct {
	Type    string
	Day     time.Time // its midnight
	Outcome lifecycle.Outcome
	Runs    int64
	Median  time.Duration // from start to end, or from being queued where a run never started
	P95     time.Duration // nineteen of twenty took no longer
}

// Filter is the count's part of base: the list that has exactly as many rows.
func (h History) Filter(c HistoryCount, base Filter) Filter {
	base.Type, base.Outcome = c.Type, c.Outcome
	return h.On(c.Day, base)
}

// On is the part of base that ended on a day.
func (h History) On(midnight time.Time, base Filter) Filter {
	base.EndedFrom, base.EndedTo = midnight, midnight.Add(day)
	if base.EndedTo.After(h.To) {
		base.EndedTo = h.To
	}
	return base
}

// History counts the runs of scope and filter that ended in the last days, today's until now. It costs as much as
// ended in them.
func (s *Store) History(ctx context.Context, sc Scope, f Filter, now time.Time, days int) (History, error) {
	h := History{From: now.UTC().Truncate(day).Add(-time.Duration(days-1) * day), To: now}
	f.EndedFrom, f.EndedTo = h.From, h.To
	c, err := s.runConditions(sc, f)
	if err != nil {
		return History{}, err
	}
	type row struct {
		Type, Outcome        string
		Day, Runs, Mid, Most int64
	}
	from := strconv.FormatInt(toMicros(h.From), 10)
	rows, err := many[row](ctx, s, "history", `WITH ended AS (
			SELECT r.type, r.outcome, (r.completed_at - `+from+`) / `+strconv.FormatInt(day.Microseconds(), 10)+` AS day,
				r.completed_at - CASE WHEN r.started_at > 0 THEN r.started_at ELSE r.queued_at END AS took
			FROM operation_runs r LEFT JOIN run_liveness l ON l.run_id = r.id `+c.where()+`),
		ranked AS (SELECT type, outcome, day, took, COUNT(*) OVER (PARTITION BY type, outcome, day) AS n,
			ROW_NUMBER() OVER (PARTITION BY type, outcome, day ORDER BY took) AS place FROM ended)
		SELECT type, outcome, day, COUNT(*) AS runs, MIN(CASE WHEN place * 2 >= n THEN took END) AS mid,
			MIN(CASE WHEN place * 20 >= n * 19 THEN took END) AS most
		FROM ranked GROUP BY type, outcome, day ORDER BY type, day, outcome`, c.args...)
	if err != nil {
		return History{}, fmt.Errorf("count what ended: %w", err)
	}
	for _, r := range rows {
		h.Counts = append(h.Counts, HistoryCount{
			Type: r.Type, Day: h.From.Add(time.Duration(r.Day) * day), Outcome: lifecycle.Outcome(r.Outcome), Runs: r.Runs,
			Median: microseconds(r.Mid), P95: microseconds(r.Most),
		})
	}
	return h, nil
}
