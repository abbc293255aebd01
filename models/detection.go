package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Detection is how fast the reconciler records what is likely stuck at one moment. Pages show a silence the moment it
// is due; its event, its cause and the alert's count wait for this record.
type Detection struct {
	Recorded   int64
	Slowest    time.Duration // from a recorded silence's deadline to its record
	Unrecorded int64
	Waiting    time.Duration // of the oldest unrecorded silence, since its deadline
}

// Detection reads it at a clock reading. Its cost follows the stuck runs.
func (s *Store) Detection(ctx context.Context, now time.Time) (Detection, error) {
	at := toMicros(now)
	var row struct{ Recorded, Slowest, Unrecorded, Waiting int64 }
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT COUNT(CASE WHEN l.flagged_at > 0 THEN 1 END) AS recorded,
				COALESCE(MAX(CASE WHEN l.flagged_at > 0 THEN l.flagged_at - l.stale_at END), 0) AS slowest,
				COUNT(CASE WHEN l.flagged_at = 0 THEN 1 END) AS unrecorded,
				COALESCE(MAX(CASE WHEN l.flagged_at = 0 THEN ? - l.stale_at END), 0) AS waiting
			FROM run_liveness l WHERE l.stale_at <= ?`, at, at).Scan(&row).Error
	})
	if err != nil {
		return Detection{}, fmt.Errorf("read how fast silence is recorded: %w", err)
	}
	return Detection{
		Recorded: row.Recorded, Slowest: microseconds(row.Slowest), Unrecorded: row.Unrecorded, Waiting: microseconds(row.Waiting),
	}, nil
}
