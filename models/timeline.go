package models

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

type eventRow struct {
	ID, At                   int64
	RunID, Kind, Actor, Data string
}

func (row eventRow) event() Event {
	return Event{
		ID: row.ID, RunID: row.RunID, At: fromMicros(row.At), Kind: lifecycle.Kind(row.Kind), Actor: row.Actor,
		Data: json.RawMessage(row.Data),
	}
}

// Timeline lists a run's events, the newest first.
func (s *Store) Timeline(ctx context.Context, sc Scope, runID string, p Page) ([]Event, string, error) {
	after, more, err := p.position()
	if err != nil {
		return nil, "", err
	}
	c := &conditions{}
	c.add("run_id = ?", runID)
	if more {
		c.add("id < ?", after.At)
	}
	limit := p.limit()
	var rows []eventRow
	err = s.readOf(ctx, sc, runID, func(db *gorm.DB) error {
		return db.Raw(`SELECT id, run_id, at, kind, actor, data FROM run_events `+c.where()+` ORDER BY id DESC LIMIT `+strconv.Itoa(limit+1),
			c.args...).Scan(&rows).Error
	})
	if err != nil {
		return nil, "", fmt.Errorf("read the timeline: %w", err)
	}
	rows, more = cut(rows, limit)
	events := make([]Event, len(rows))
	for i, row := range rows {
		events[i] = row.event()
	}
	if !more {
		return events, "", nil
	}
	return events, position{At: events[limit-1].ID}.cursor(), nil
}
