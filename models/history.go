package models

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	c, err := s.runConditions(ctx, sc, f)
	if err != nil {
		return History{}, err
	}
	type row struct {
		Type, Outcome string
		Day, Runs     int64
		Took          string
	}
	rows, err := many[row](ctx, s, "history", `SELECT r.type, r.outcome, (r.completed_at - ?) / `+strconv.FormatInt(day.Microseconds(), 10)+` AS day,
			COUNT(*) AS runs, string_agg(CAST(r.completed_at - CASE WHEN r.started_at > 0 THEN r.started_at ELSE r.queued_at END AS TEXT), ' ') AS took`+
		c.from()+` GROUP BY 1, 2, 3 ORDER BY 1, 3, 2`, append([]any{toMicros(h.From)}, c.args...)...)
	if err != nil {
		return History{}, fmt.Errorf("count what ended: %w", err)
	}
	for _, r := range rows {
		took, err := sorted(r.Took)
		if err != nil {
			return History{}, fmt.Errorf("read how long runs took: %w", err)
		}
		n := len(took)
		h.Counts = append(h.Counts, HistoryCount{
			Type: r.Type, Day: h.From.Add(time.Duration(r.Day) * day), Outcome: lifecycle.Outcome(r.Outcome), Runs: r.Runs,
			Median: microseconds(took[(n+1)/2-1]), P95: microseconds(took[(n*19+19)/20-1]),
		})
	}
	return h, nil
}

// sorted reads numbers that a database strung together, which is quicker than to have it rank them.
func sorted(text string) ([]int64, error) {
	words := strings.Fields(text)
	numbers := make([]int64, len(words))
	for i, word := range words {
		var err error
		if numbers[i], err = strconv.ParseInt(word, 10, 64); err != nil {
			return nil, err
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
