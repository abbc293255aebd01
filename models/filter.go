package models

import (
	"fmt"
	"strconv"
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

func (c *conditions) where() string { return "WHERE " + strings.Join(c.parts, " AND ") }

// runConditions is the one translation of scope and filter, for lists and counts.
func (s *Store) runConditions(sc Scope, f Filter) (*conditions, error) {
	visible, args, err := sc.where()
	if err != nil {
		return nil, err
	}
	c := &conditions{}
	c.add(visible, args...)
	for _, equal := range []struct{ column, value string }{
		{"r.workspace_id", f.WorkspaceID}, {"r.tenant_id", f.TenantID}, {"r.type", f.Type},
		{"r.status", string(f.Status)}, {"r.outcome", string(f.Outcome)}, {"r.initiator_id", f.InitiatorID},
		{"r.retry_of", f.RetryOf},
	} {
		if equal.value != "" {
			c.add(equal.column+" = ?", equal.value)
		}
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
	if !f.EndedFrom.IsZero() || !f.EndedTo.IsZero() || (f.Outcome != "" && f.Outcome != lifecycle.Pending) {
		c.add(endedSQL) // follows from the rest; the planner must be told, to use the indexes on ended runs
	}
	if f.Active != nil {
		c.add(either(*f.Active, activeSQL, endedSQL))
	}
	if f.Text != "" {
		like := "%" + escapeLike(strings.ToLower(f.Text)) + "%"
		c.add(`(LOWER(r.target) LIKE ? ESCAPE '!' OR LOWER(r.type) LIKE ? ESCAPE '!' OR r.id LIKE ? ESCAPE '!')`,
			like, like, escapeLike(strings.ToLower(f.Text))+"%")
	}
	return c, s.truthConditions(c, f)
}

// truthConditions adds what is derived.
func (s *Store) truthConditions(c *conditions, f Filter) error {
	now := s.clock
	if !f.AsOf.IsZero() {
		now = strconv.FormatInt(toMicros(f.AsOf), 10)
	}
	if f.Freshness != "" {
		condition, ok := freshnessSQL(f.Freshness, now)
		if !ok {
			return fmt.Errorf("filter by freshness %q: want one of %v", f.Freshness, lifecycle.Freshnesses())
		}
		c.add(condition)
	}
	if f.Class != "" {
		condition, ok := classSQL(f.Class, now)
		if !ok {
			return fmt.Errorf("filter by class %q: want one of %v", f.Class, lifecycle.ProblemClasses())
		}
		c.add(condition)
	}
	if f.Open != nil {
		c.add(either(*f.Open, openSQL, "NOT ("+openSQL+")"))
	}
	if f.Lineage != nil {
		c.add(either(*f.Lineage, lineageSQL(now), "NOT "+lineageSQL(now)))
	}
	return nil
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

func escapeLike(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}
