package models

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// ActiveByQueue counts the active runs by the task queue that serves them.
func (s *Store) ActiveByQueue(ctx context.Context) (map[string]int, error) {
	var rows []struct {
		Queue string
		N     int
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT queue, COUNT(*) AS n FROM run_liveness GROUP BY queue`).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("count active runs by task queue: %w", err)
	}
	counts := make(map[string]int, len(rows))
	for _, row := range rows {
		counts[row.Queue] = row.N
	}
	return counts, nil
}
