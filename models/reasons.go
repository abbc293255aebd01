package models

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/opstruth/opstruth/lifecycle"
)

// ReasonGroup is the items of a run that failed for one reason.
type ReasonGroup struct {
	Reason  string // see lifecycle.Reason; empty where none was recorded
	Items   int64
	Example Item // the first of them, by key
}

const reasonsSQL = `WITH g AS (SELECT reason, COUNT(*) AS items, MIN(key) AS first_key, COUNT(*) OVER () AS reasons FROM run_items
		WHERE run_id = ? AND state = 'failed' GROUP BY reason ORDER BY items DESC, reason LIMIT ?)
	SELECT g.reason, g.items, g.reasons, e.key, e.code, e.message, e.at FROM g
	JOIN run_items e ON e.run_id = ? AND e.key = g.first_key ORDER BY g.items DESC, g.reason`

// Reasons groups a run's failed items by reason, those of most items first, at most so many; all is how many reasons
// there are. Its cost follows the failed items of this run alone, which it reads from one index.
func (s *Store) Reasons(ctx context.Context, sc Scope, runID string, limit int) (groups []ReasonGroup, all int64, err error) {
	var rows []struct {
		Reason, Key, Code, Message string
		Items, Reasons, At         int64
	}
	err = s.readOf(ctx, sc, runID, func(db *gorm.DB) error {
		return db.Raw(reasonsSQL, runID, limit, runID).Scan(&rows).Error
	})
	if err != nil {
		return nil, 0, fmt.Errorf("group failed items: %w", err)
	}
	for _, row := range rows {
		all = row.Reasons
		groups = append(groups, ReasonGroup{Reason: row.Reason, Items: row.Items, Example: Item{
			Key: row.Key, State: ItemFailed, Code: row.Code, Message: row.Message, Reason: row.Reason, At: fromMicros(row.At),
		}})
	}
	return groups, all, nil
}

// countReasons is why a run's items failed, once it has ended and no more can.
func (s *Store) countReasons(tx *gorm.DB, runID string, f lifecycle.Facts) (lifecycle.Reasons, error) {
	if f.Counts.Failed == 0 {
		return lifecycle.Reasons{}, nil
	}
	var found struct {
		Reason  string
		Reasons int64
	}
	err := tx.Raw(`SELECT reason, COUNT(*) OVER () AS reasons FROM run_items WHERE run_id = ? AND state = 'failed'
		GROUP BY reason ORDER BY COUNT(*) DESC, reason LIMIT 1`, runID).Scan(&found).Error
	if err != nil {
		return lifecycle.Reasons{}, fmt.Errorf("count reasons: %w", err)
	}
	return lifecycle.Reasons{Count: found.Reasons, Top: found.Reason}, nil
}
