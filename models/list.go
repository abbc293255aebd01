package models

import (
	"context"
	"fmt"
)

// ListRuns reads one page of the runs that scope and filter let through, the newest queued first.
func (s *Store) ListRuns(ctx context.Context, sc Scope, f Filter, p Page) (RunPage, error) {
	if p.Before != "" {
		return s.listBefore(ctx, sc, f, p)
	}
	statement, args, err := s.listSQL(sc, f, p)
	if err != nil {
		return RunPage{}, err
	}
	var page RunPage
	if page.Runs, page.Now, err = s.listed(ctx, "list runs", statement, args...); err != nil {
		return RunPage{}, err
	}
	var more bool
	if page.Runs, more = cut(page.Runs, p.limit()); more {
		page.Next = cursorOf(page.Runs[len(page.Runs)-1])
	}
	if p.Cursor != "" && len(page.Runs) > 0 {
		page.Prev = cursorOf(page.Runs[0])
	}
	return page, nil
}

// listSQL selects a page and one run more, which tells whether there is another page.
func (s *Store) listSQL(sc Scope, f Filter, p Page) (string, []any, error) {
	c, err := s.runConditions(sc, f)
	if err != nil {
		return "", nil, err
	}
	after, more, err := p.position()
	if err != nil {
		return "", nil, err
	}
	if more {
		c.add("(r.queued_at, r.id) < (?, ?)", after.At, after.ID)
	}
	// A limit that stands in the text lets the server keep one plan for all values of the rest.
	return fmt.Sprintf(`%s ORDER BY r.queued_at DESC, r.id DESC LIMIT %d`, c.where(), p.limit()+1), c.args, nil
}
