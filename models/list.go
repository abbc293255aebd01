package models

import (
	"context"
	"fmt"
	"slices"
)

// ListRuns reads one page of the runs that scope and filter let through, the newest queued first.
func (s *Store) ListRuns(ctx context.Context, sc Scope, f Filter, p Page) (RunPage, error) {
	statement, args, err := s.listSQL(ctx, sc, f, p)
	if err != nil {
		return RunPage{}, err
	}
	var page RunPage
	if page.Runs, page.Now, err = s.listed(ctx, "list runs", statement, args...); err != nil {
		return RunPage{}, err
	}
	var more bool
	page.Runs, more = cut(page.Runs, p.limit())
	newer, older := p.Cursor != "", more
	if p.Before != "" { // it was read from its end
		slices.Reverse(page.Runs)
		newer, older = more, true
	}
	if n := len(page.Runs); n > 0 && newer {
		page.Prev = cursorOf(page.Runs[0])
	}
	if n := len(page.Runs); n > 0 && older {
		page.Next = cursorOf(page.Runs[n-1])
	}
	return page, nil
}

// listSQL selects a page and one run more, which tells whether there is another page. The page that ends right before
// p.Before is selected from its end.
func (s *Store) listSQL(ctx context.Context, sc Scope, f Filter, p Page) (string, []any, error) {
	c, err := s.runConditions(ctx, sc, f)
	if err != nil {
		return "", nil, err
	}
	from, beyond, order := p.Cursor, "<", "DESC"
	if p.Before != "" {
		from, beyond, order = p.Before, ">", "ASC"
	}
	at, some, err := Page{Cursor: from}.position()
	if err != nil {
		return "", nil, err
	}
	if some {
		c.add("(r.queued_at, r.id) "+beyond+" (?, ?)", at.At, at.ID)
	}
	// A limit that stands in the text lets the server keep one plan for all values of the rest.
	return fmt.Sprintf(`%s ORDER BY r.queued_at %[2]s, r.id %[2]s LIMIT %[3]d`, c.where(), order, p.limit()+1), c.args, nil
}

// cursorOf is a run's place in every list.
func cursorOf(r Run) string { return position{At: toMicros(r.Facts.QueuedAt), ID: r.ID}.cursor() }

// CountRuns counts what scope and filter let through, up to a limit: it says limit+1 where there are more.
func (s *Store) CountRuns(ctx context.Context, sc Scope, f Filter, limit int) (int64, error) {
	c, err := s.runConditions(ctx, sc, f)
	if err != nil {
		return 0, err
	}
	return one[int64](ctx, s, "number of runs", fmt.Sprintf(`SELECT COUNT(*) FROM (SELECT 1 %s LIMIT %d) AS capped`, c.from(), limit+1), c.args...)
}
