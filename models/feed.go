package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

const (
	// unseenFor is how long a missing event id may still appear: ids are given out before their transactions commit,
	// and none of those outlives the time limit of a write.
	unseenFor = writeTimeout
	// feedOverlap is how far back times are read again, for what was written before a read and committed after it.
	feedOverlap = 10 * time.Second
	feedPage    = 1000 // events in one query
	feedBefore  = 200  // ids before the first position in which a transaction may still be open
	mostUnseen  = 2000 // missing ids that are looked for again
)

// Changed is a run that may have changed, and where it belongs.
type Changed struct{ RunID, WorkspaceID, TenantID string }

// ChangeReader tells which runs have changed since it was asked before: by their events, by a deadline that has
// passed, or by progress. It is for one goroutine.
type ChangeReader struct {
	store  *Store
	begun  bool
	last   int64               // the highest event id seen
	unseen map[int64]time.Time // ids below it that were not there, and since when
	at     time.Time           // the clock of the last reading
	told   map[string]moved    // what was told within the overlap
	found  map[Changed]bool    // what no reading that succeeded has told yet
	gap    bool                // likewise: some are missing
}

// moved are the times of a run that no event tells of.
type moved struct{ staleAt, progressAt int64 }

// NewChangeReader makes a reader. Its first reading only finds where to begin.
func (s *Store) NewChangeReader() *ChangeReader {
	return &ChangeReader{store: s, unseen: map[int64]time.Time{}, told: map[string]moved{}, found: map[Changed]bool{}}
}

// Next lists the runs that have changed, each once. complete is false where so much changed that some are missing.
func (r *ChangeReader) Next(ctx context.Context) (changed []Changed, complete bool, err error) {
	now, err := r.store.Now(ctx)
	if err != nil {
		return nil, false, err
	}
	first := !r.begun
	err = r.store.read(ctx, func(db *gorm.DB) error {
		if first {
			if err := r.begin(db); err != nil {
				return err
			}
		}
		if err := r.events(db, now); err != nil {
			return err
		}
		return r.moved(db, now)
	})
	if err != nil {
		return nil, false, fmt.Errorf("read what has changed: %w", err)
	}
	found, complete := r.found, !r.gap
	r.begun, r.at, r.found, r.gap = true, now, map[Changed]bool{}, false
	if first {
		return nil, true, nil
	}
	for c := range found {
		changed = append(changed, c)
	}
	return changed, complete, nil
}

// begin goes a little before the newest event, to learn which ids below it are still to come.
func (r *ChangeReader) begin(db *gorm.DB) error {
	var newest int64
	if err := db.Raw(`SELECT COALESCE(MAX(id), 0) FROM run_events`).Scan(&newest).Error; err != nil {
		return err
	}
	r.last = max(0, newest-feedBefore)
	return nil
}

type feedEvent struct {
	ID int64
	Changed
}

const feedColumns = `r.id AS run_id, r.workspace_id, COALESCE(r.tenant_id, '') AS tenant_id`

// events reads the new events, and those of which only the id had been given out.
func (r *ChangeReader) events(db *gorm.DB, now time.Time) error {
	if len(r.unseen) > 0 {
		ids := make([]int64, 0, len(r.unseen))
		for id := range r.unseen {
			ids = append(ids, id)
		}
		if _, err := r.take(db, now, `e.id IN ?`, ids); err != nil {
			return err
		}
	}
	for {
		n, err := r.take(db, now, `e.id > ?`, r.last)
		if err != nil {
			return err
		}
		if n < feedPage {
			break
		}
	}
	for id, since := range r.unseen {
		if now.Sub(since) > unseenFor {
			delete(r.unseen, id) // rolled back
		}
	}
	if len(r.unseen) > mostUnseen {
		clear(r.unseen)
		r.gap = true
	}
	return nil
}

func (r *ChangeReader) take(db *gorm.DB, now time.Time, which string, arg any) (int, error) {
	var rows []feedEvent
	err := db.Raw(`SELECT e.id, `+feedColumns+` FROM run_events e JOIN operation_runs r ON r.id = e.run_id
		WHERE `+which+` ORDER BY e.id LIMIT ?`, arg, max(feedPage, len(r.unseen))).Scan(&rows).Error
	for _, row := range rows {
		r.found[row.Changed] = true
		delete(r.unseen, row.ID)
		for id := max(r.last+1, row.ID-mostUnseen-1); id < row.ID; id++ {
			r.unseen[id] = now
		}
		r.last = max(r.last, row.ID)
	}
	return len(rows), err
}

// moved reads the active runs whose deadline has passed or whose counts have changed since the last reading.
func (r *ChangeReader) moved(db *gorm.DB, now time.Time) error {
	since := r.at
	if since.IsZero() {
		since = now
	}
	from := toMicros(since.Add(-feedOverlap))
	var rows []struct {
		Changed
		StaleAt, ProgressAt int64
	}
	err := db.Raw(`SELECT `+feedColumns+`, l.stale_at, l.progress_at FROM run_liveness l JOIN operation_runs r ON r.id = l.run_id
		WHERE (l.stale_at > ? AND l.stale_at <= ?) OR l.progress_at > ?`, from, toMicros(now), from).Scan(&rows).Error
	if err != nil {
		return err
	}
	told := make(map[string]moved, len(rows))
	for _, row := range rows {
		is := moved{progressAt: row.ProgressAt}
		if row.StaleAt <= toMicros(now) {
			is.staleAt = row.StaleAt
		}
		if r.told[row.RunID] != is {
			r.found[row.Changed] = true
		}
		told[row.RunID] = is
	}
	r.told = told
	return nil
}
