package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// itemsPerInsert keeps a statement's parameters far below what the databases allow.
const itemsPerInsert = 500

// RecordItems stores the results of one chunk. Only results of items that had none count, and with them the
// progress moves. A run that has ended takes nothing: the first time that is disclosed as its late result, and the
// error is lifecycle.ErrEnded.
func (s *Store) RecordItems(ctx context.Context, runID string, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	items = storableItems(items)
	err := s.Write(ctx, func(tx *gorm.DB) error {
		run, now, err := s.lockActive(tx, runID)
		if err != nil {
			return err
		}
		first, err := s.insertItems(tx, runID, items, now)
		if err != nil || len(first) == 0 {
			return err
		}
		return s.countItems(tx, run, first, now)
	})
	return s.orLate(ctx, runID, err, fmt.Sprintf("%d items, the last one %q", len(items), items[len(items)-1].Key))
}

// lockActive locks and reads a run's liveness; ErrEnded when there is none.
func (s *Store) lockActive(tx *gorm.DB, runID string) (Run, time.Time, error) {
	if s.d.RowLock != "" {
		if err := tx.Exec(`SELECT run_id FROM run_liveness WHERE run_id = ?`+s.d.RowLock, runID).Error; err != nil {
			return Run{}, time.Time{}, fmt.Errorf("lock liveness: %w", err)
		}
	}
	run, now, err := s.loadOne(tx, runID)
	if err == nil && !run.Facts.Status.Active() {
		err = lifecycle.ErrEnded
	}
	return run, now, err
}

// orLate discloses a write that came after the end.
func (s *Store) orLate(ctx context.Context, runID string, err error, summary string) error {
	if !errors.Is(err, lifecycle.ErrEnded) {
		if err != nil && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("write to run %s: %w", runID, err)
		}
		return err
	}
	_, late := s.Transition(ctx, runID, lifecycle.Change{Kind: lifecycle.LateReported, Note: summary})
	if late != nil && !errors.Is(late, lifecycle.ErrUnchanged) {
		return errors.Join(err, late)
	}
	return err
}

// insertItems returns the items that were first made terminal, in the order given.
func (s *Store) insertItems(tx *gorm.DB, runID string, items []Item, now time.Time) ([]Item, error) {
	var first []Item
	for chunk := range slices.Chunk(items, itemsPerInsert) {
		values := make([]string, len(chunk))
		var args []any
		for i, item := range chunk {
			values[i] = "(?, ?, ?, ?, ?, ?, ?, ?)"
			args = append(args, runID, item.Key, string(item.State), item.Code, item.Message, item.reason(), string(item.Detail), toMicros(now))
		}
		var inserted []string
		err := tx.Raw(`INSERT INTO run_items (run_id, key, state, code, message, reason, detail, at) VALUES `+strings.Join(values, ", ")+`
			ON CONFLICT (run_id, key) DO NOTHING RETURNING key`, args...).Scan(&inserted).Error
		if err != nil {
			return nil, fmt.Errorf("insert items: %w", err)
		}
		isNew := make(map[string]bool, len(inserted))
		for _, key := range inserted {
			isNew[key] = true
		}
		for _, item := range chunk {
			if isNew[item.Key] {
				first = append(first, item)
				isNew[item.Key] = false
			}
		}
	}
	return first, nil
}

// reason is what a failed item's message has in common with those that failed alike.
func (i Item) reason() string {
	if i.State != ItemFailed {
		return ""
	}
	return lifecycle.Reason(i.Code, i.Message)
}

func (s *Store) countItems(tx *gorm.DB, run Run, first []Item, now time.Time) error {
	by := map[ItemState]int64{}
	for _, item := range first {
		by[item.State]++
	}
	// Progress is no sign of life: an attempt that Temporal gave up may still report, and must not keep the run fresh. The
	// one that owns it beats.
	n := kept()
	n.progress, n.progressAt = "c.progress", now
	return s.touch(tx, run, n, now, `, succeeded = l.succeeded + ?, failed = l.failed + ?, skipped = l.skipped + ?, last_item = ?,
		total = `+s.d.Greatest+`(l.total, l.succeeded + l.failed + l.skipped + ?)`,
		by[ItemSucceeded], by[ItemFailed], by[ItemSkipped], first[len(first)-1].Key, len(first))
}

// Items lists a run's results in the order of their keys.
func (s *Store) Items(ctx context.Context, sc Scope, runID string, f ItemFilter, p Page) ([]Item, string, error) {
	after, more, err := p.position()
	if err != nil {
		return nil, "", err
	}
	c := &conditions{}
	c.add("i.run_id = ?", runID)
	if f.State != "" {
		c.add("i.state = ?", string(f.State))
	}
	if f.Reason != nil {
		c.add("i.state = 'failed' AND i.reason = ?", *f.Reason)
	}
	if more {
		c.add("i.key > ?", after.ID)
	}
	var rows []struct {
		Key, Code, Message, Reason, Detail string
		State                              ItemState
		At                                 int64
	}
	limit := p.limit()
	err = s.readOf(ctx, sc, runID, func(db *gorm.DB) error {
		return db.Raw(`SELECT i.key, i.state, i.code, i.message, i.reason, i.detail, i.at FROM run_items i `+c.where()+` ORDER BY i.key LIMIT ?`,
			append(c.args, limit+1)...).Scan(&rows).Error
	})
	if err != nil {
		return nil, "", fmt.Errorf("list items: %w", err)
	}
	rows, more = cut(rows, limit)
	items := make([]Item, len(rows))
	for i, row := range rows {
		items[i] = Item{Key: row.Key, State: row.State, Code: row.Code, Message: row.Message, Reason: row.Reason, At: fromMicros(row.At)}
		if row.Detail != "" {
			items[i].Detail = json.RawMessage(row.Detail)
		}
	}
	if !more {
		return items, "", nil
	}
	return items, position{ID: items[limit-1].Key}.cursor(), nil
}

// RecordedItems reads the ends of a run's items from one key up to but without another, by key. It is for the engine.
func (s *Store) RecordedItems(ctx context.Context, runID, from, before string) (map[string]Item, error) {
	type row struct {
		Key, Code, Message, Detail string
		State                      ItemState
		At                         int64
	}
	rows, err := many[row](ctx, s, "items", `SELECT key, state, code, message, detail, at FROM run_items
		WHERE run_id = ? AND key >= ? AND key < ?`, runID, from, before)
	if err != nil {
		return nil, err
	}
	items := make(map[string]Item, len(rows))
	for _, r := range rows {
		items[r.Key] = Item{Key: r.Key, State: r.State, Code: r.Code, Message: r.Message, Detail: json.RawMessage(r.Detail), At: fromMicros(r.At)}
	}
	return items, nil
}

// readOf runs queries on what belongs to a run, if the scope may see the run.
func (s *Store) readOf(ctx context.Context, sc Scope, runID string, query func(db *gorm.DB) error) error {
	visible, args, err := sc.where()
	if err != nil {
		return err
	}
	return s.read(ctx, func(db *gorm.DB) error {
		var found string
		err := db.Raw(`SELECT r.id FROM operation_runs r WHERE r.id = ? AND `+visible, append([]any{runID}, args...)...).Scan(&found).Error
		if err != nil {
			return err
		}
		if found == "" {
			return ErrNotFound
		}
		return query(db)
	})
}
