package models

import (
	"context"

	"gorm.io/gorm"
)

// Touch recomputes a run's deadline as every write does.
func (s *Store) Touch(ctx context.Context, runID string) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		run, now, err := s.lockActive(tx, runID)
		if err != nil {
			return err
		}
		return s.touch(tx, run, kept(), now, "")
	})
}
