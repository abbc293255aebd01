package models

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// mineSQL says that a notification n is for a user: the initiator, or an owner of the workspace where nobody
// started the run. It has the user's id twice.
const mineSQL = `(n.user_id = ? OR (n.user_id IS NULL AND n.workspace_id IN
	(SELECT m.workspace_id FROM memberships m WHERE m.user_id = ? AND m.role = 'owner')))`

// Notifications lists a user's messages about runs that the scope still opens, the newest first.
func (s *Store) Notifications(ctx context.Context, sc Scope, userID string, p Page) ([]Notification, string, error) {
	visible, scopeArgs, err := sc.where()
	if err != nil {
		return nil, "", err
	}
	after, more, err := p.position()
	if err != nil {
		return nil, "", err
	}
	c := &conditions{}
	c.add(mineSQL, userID, userID)
	c.add(visible, scopeArgs...)
	if more {
		c.add("(n.created_at, n.run_id) < (?, ?)", after.At, after.ID)
	}
	limit := p.limit()
	var notes []Notification
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []struct {
			RunID             string
			CreatedAt, ReadAt int64
		}
		err := db.Raw(`SELECT n.run_id, n.created_at, COALESCE(d.read_at, 0) AS read_at FROM notifications n
			JOIN operation_runs r ON r.id = n.run_id LEFT JOIN notification_reads d ON d.run_id = n.run_id AND d.user_id = ? `+
			c.where()+` ORDER BY n.created_at DESC, n.run_id DESC LIMIT ?`, append(append([]any{userID}, c.args...), limit+1)...).Scan(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		rows, more = cut(rows, limit)
		ids := make([]string, len(rows))
		for i, row := range rows {
			ids[i] = row.RunID
		}
		runs, _, err := s.load(db, `WHERE r.id IN ?`, ids)
		if err != nil {
			return err
		}
		byID := make(map[string]Run, len(runs))
		for _, run := range runs {
			byID[run.ID] = run
		}
		for _, row := range rows {
			notes = append(notes, Notification{
				RunID: row.RunID, CreatedAt: fromMicros(row.CreatedAt), ReadAt: fromMicros(row.ReadAt), Run: byID[row.RunID],
			})
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("list notifications: %w", err)
	}
	if !more || len(notes) < limit {
		return notes, "", nil
	}
	last := notes[len(notes)-1]
	return notes, position{At: toMicros(last.CreatedAt), ID: last.RunID}.cursor(), nil
}

// ReadNotification marks a user's message as read. ErrNotFound when it is not the user's.
func (s *Store) ReadNotification(ctx context.Context, userID, runID string) error {
	rows, err := s.exec(ctx, `INSERT INTO notification_reads (user_id, run_id, read_at)
		SELECT ?, n.run_id, `+s.clock+` FROM notifications n WHERE n.run_id = ? AND `+mineSQL+`
		ON CONFLICT (user_id, run_id) DO UPDATE SET read_at = notification_reads.read_at`, userID, runID, userID, userID)
	if err != nil {
		return fmt.Errorf("read notification: %w", err)
	}
	if rows == 0 {
		return ErrNotFound
	}
	return nil
}
