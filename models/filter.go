package models

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

// conditions collects what has to hold for a row, with its parameters.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) add(sql string, args ...any) {
	c.parts, c.args = append(c.parts, sql), append(c.args, args...)
}

// among is the condition that a column has one of some values of which one may have few rows and another nearly all,
// such as ids of workspaces. They stand in the text, where they can, because the plan for one is wrong for another.
func among(column string, values ...string) (string, []any) {
	for _, v := range values {
		if !plain.MatchString(v) {
			return column + " IN ?", []any{values}
		}
	}
	return column + " IN ('" + strings.Join(values, "', '") + "')", nil
}

// addAt adds a condition at a clock reading that a caller names.
func (c *conditions) addAt(at time.Time, sql string, args ...any) {
	sql, readings := readAt(at, sql)
	c.add(sql, append(readings, args...)...)
}

// asOf stands for a filter's clock reading in an SQL text, see nowSQL.
const asOf = "{as_of}"

// readAt makes a parameter of a clock reading wherever asOf stands for it, so that the server knows the statement again.
func readAt(at time.Time, sql string) (string, []any) {
	args := make([]any, strings.Count(sql, asOf))
	for i := range args {
		args[i] = toMicros(at)
	}
	return strings.ReplaceAll(sql, asOf, "?"), args
}

var plain = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

// from is the rows that the conditions are about, for a selection of their columns. Liveness is left out where neither
// speaks of it: a database may look it up for every row that it counts.
func (c *conditions) from(selection ...string) string {
	const runs, liveness = ` FROM operation_runs r `, `LEFT JOIN run_liveness l ON l.run_id = r.id `
	where := c.where()
	if slices.ContainsFunc(append(selection, where), func(sql string) bool { return strings.Contains(sql, "l.") }) {
		return runs + liveness + where
	}
	return runs + where
}

func (c *conditions) where() string { return "WHERE " + strings.Join(c.parts, " AND ") }

// runConditions is the one translation of scope and filter, for lists and counts.
func (s *Store) runConditions(ctx context.Context, sc Scope, f Filter) (*conditions, error) {
	visible, args, err := sc.where()
	if err != nil {
		return nil, err
	}
	c := &conditions{}
	c.add(visible, args...)
	for _, home := range []struct{ column, value string }{
		{"r.workspace_id", f.WorkspaceID}, {"r.tenant_id", f.TenantID}, {"r.type", f.Type},
	} {
		if home.value != "" {
			condition, args := among(home.column, home.value)
			c.add(condition, args...)
		}
	}
	for _, equal := range []struct{ column, value string }{
		{"r.status", string(f.Status)}, {"r.outcome", string(f.Outcome)},
		{"r.retry_of", f.RetryOf}, {"r.queue", f.Queue}, {failureSQL, f.Failure},
	} {
		if equal.value != "" {
			c.add(equal.column+" = ?", equal.value)
		}
	}
	if f.Initiator != "" {
		condition, who := sc.initiatorSQL(f.Initiator)
		c.add(condition, who)
	}
	for _, bound := range []struct {
		condition string
		at        time.Time
	}{
		{"r.queued_at >= ?", f.From}, {"r.queued_at < ?", f.To},
		{"r.completed_at >= ?", f.EndedFrom}, {"r.completed_at < ?", f.EndedTo},
	} {
		if !bound.at.IsZero() {
			c.add(bound.condition, toMicros(bound.at))
		}
	}
	// What follows from the rest has to be told to the planner all the same, for the indexes on active and ended runs.
	switch {
	case f.Status == lifecycle.Queued || f.Status == lifecycle.Running || f.Outcome == lifecycle.Pending:
		c.add(activeSQL)
	case f.Status != "" || f.Outcome != "" || !f.EndedFrom.IsZero() || !f.EndedTo.IsZero():
		c.add(endedSQL)
	}
	if f.Active != nil {
		c.add(either(*f.Active, activeSQL, endedSQL))
	}
	found, args, err := s.textSQL(ctx, f.Text)
	if err != nil {
		return nil, err
	}
	if found != "" {
		c.add(found, args...)
	}
	return c, s.truthConditions(c, f)
}

// truthConditions adds what is derived.
func (s *Store) truthConditions(c *conditions, f Filter) error {
	now := s.nowSQL(f)
	if f.Freshness != "" {
		condition, ok := freshnessSQL(f.Freshness, now)
		if !ok {
			return fmt.Errorf("filter by freshness %q: want one of %v", f.Freshness, lifecycle.Freshnesses())
		}
		c.addAt(f.AsOf, condition)
	}
	if f.Class != "" {
		condition, ok := classSQL(f.Class, now)
		if !ok {
			return fmt.Errorf("filter by class %q: want one of %v", f.Class, lifecycle.ProblemClasses())
		}
		c.addAt(f.AsOf, condition)
	}
	if f.Cause != "" {
		if !slices.Contains(lifecycle.FilterCauses(), f.Cause) {
			return fmt.Errorf("filter by cause %q: want one of %v", f.Cause, lifecycle.FilterCauses())
		}
		c.addAt(f.AsOf, causeSQL(now)+" = ?", causeOf(f.Cause))
	}
	if f.Open != nil {
		c.addAt(f.AsOf, either(*f.Open, openSQL, "NOT ("+openSQL+")"))
	}
	if f.Lineage != nil {
		if *f.Lineage {
			c.add(lineageRowsSQL)
		}
		c.addAt(f.AsOf, either(*f.Lineage, lineageSQL(now), "NOT "+lineageSQL(now)))
	}
	return nil
}

// nowSQL is the clock reading that a filter asks for: what stands for it, or the database's.
func (s *Store) nowSQL(f Filter) string {
	if f.AsOf.IsZero() {
		return s.clock
	}
	return asOf
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
