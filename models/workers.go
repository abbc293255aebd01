package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

func (s *Store) putWorker(tx *gorm.DB, w WorkerRow) error {
	queues, err := encode(w.Queues)
	if err != nil {
		return err
	}
	err = tx.Exec(`INSERT INTO workers (id, host, pid, queues, build, last_seen) VALUES (?, ?, ?, ?, ?, `+s.clock+`)
		ON CONFLICT (id) DO UPDATE SET host = excluded.host, pid = excluded.pid, queues = excluded.queues, build = excluded.build,
			last_seen = excluded.last_seen`, w.ID, w.Host, w.PID, queues, w.Build).Error
	if err != nil {
		return fmt.Errorf("write worker: %w", err)
	}
	return nil
}

// Workers lists every worker that did not say goodbye, the last seen first, with the clock.
func (s *Store) Workers(ctx context.Context) ([]WorkerRow, time.Time, error) {
	var rows []struct {
		ID, Host, Queues, Build string
		PID                     int `gorm:"column:pid"`
		LastSeen                int64
		Now                     int64
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT w.id, w.host, w.pid, w.queues, w.build, w.last_seen, ` + s.clock + ` AS now FROM (SELECT 1 AS one) AS o LEFT JOIN workers w ON TRUE
			ORDER BY w.last_seen DESC, w.id`).Scan(&rows).Error
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read workers: %w", err)
	}
	var workers []WorkerRow
	var now time.Time
	for _, row := range rows {
		now = fromMicros(row.Now)
		if row.ID == "" {
			continue // nobody: the row carries the clock alone
		}
		queues, _ := decoded[[]string](s, "queues of a worker", row.ID, row.Queues)
		workers = append(workers, WorkerRow{
			ID: row.ID, Host: row.Host, PID: row.PID, Queues: queues, Build: row.Build, LastSeen: fromMicros(row.LastSeen),
		})
	}
	return workers, now, nil
}

// ForgetWorkers removes the rows of workers that were last seen so long ago.
func (s *Store) ForgetWorkers(ctx context.Context, silentFor time.Duration) error {
	_, err := s.exec(ctx, `DELETE FROM workers WHERE last_seen < `+s.clock+` - ?`, silentFor.Microseconds())
	if err != nil {
		return fmt.Errorf("forget workers: %w", err)
	}
	return nil
}
