package models

import (
	"context"
	"fmt"
	"slices"
)

// listBefore reads the page that ends right before p.Before, in the order of every list.
func (s *Store) listBefore(ctx context.Context, sc Scope, f Filter, p Page) (RunPage, error) {
	before, _, err := Page{Cursor: p.Before}.position()
	if err != nil {
		return RunPage{}, err
	}
	c, err := s.runConditions(sc, f)
	if err != nil {
		return RunPage{}, err
	}
	c.add("(r.queued_at, r.id) > (?, ?)", before.At, before.ID)
	var page RunPage
	statement := fmt.Sprintf(`%s ORDER BY r.queued_at, r.id LIMIT %d`, c.where(), p.limit()+1)
	if page.Runs, page.Now, err = s.listed(ctx, "list runs", statement, c.args...); err != nil {
		return RunPage{}, err
	}
	var more bool
	page.Runs, more = cut(page.Runs, p.limit())
	slices.Reverse(page.Runs)
	if more {
		page.Prev = cursorOf(page.Runs[0])
	}
	if n := len(page.Runs); n > 0 {
		page.Next = cursorOf(page.Runs[n-1])
	}
	return page, nil
}

// cursorOf is a run's place in every list.
func cursorOf(r Run) string { return position{At: toMicros(r.Facts.QueuedAt), ID: r.ID}.cursor() }

// CountRuns counts what scope and filter let through, up to a limit: it says limit+1 where there are more.
func (s *Store) CountRuns(ctx context.Context, sc Scope, f Filter, limit int) (int64, error) {
	c, err := s.runConditions(sc, f)
	if err != nil {
		return 0, err
	}
	return one[int64](ctx, s, "number of runs", fmt.Sprintf(`SELECT COUNT(*) FROM (SELECT 1 FROM operation_runs r
		LEFT JOIN run_liveness l ON l.run_id = r.id %s LIMIT %d) AS capped`, c.where(), limit+1), c.args...)
}
