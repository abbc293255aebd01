package models

import (
	"context"
	"fmt"
	"math"
	"time"

	"gorm.io/gorm"
)

// NotificationPage is a part of a mailbox and the clock reading for which it holds.
type NotificationPage struct {
	Notes []Notification
	Next  string // the cursor of the next page; empty on the last
	Now   time.Time
}

// Notifications lists the messages of a mailbox, or only those that are unread, the newest first.
func (s *Store) Notifications(ctx context.Context, m Mailbox, unread bool, p Page) (NotificationPage, error) {
	more := conditions{}
	if unread {
		more = m.unread()
	}
	after, later, err := p.position()
	if err != nil {
		return NotificationPage{}, err
	}
	if later {
		more.add("(n.created_at, n.run_id) < (?, ?)", after.At, after.ID)
	}
	var page NotificationPage
	page.Notes, page.Now, err = s.notes(ctx, m, more, p.limit()+1)
	if err != nil {
		return NotificationPage{}, fmt.Errorf("list notifications: %w", err)
	}
	var rest bool
	if page.Notes, rest = cut(page.Notes, p.limit()); rest {
		last := page.Notes[len(page.Notes)-1]
		page.Next = position{At: toMicros(last.CreatedAt), ID: last.RunID}.cursor()
	}
	return page, nil
}

// Notification is the message about one run, with the clock. ErrNotFound when it is not in the mailbox.
func (s *Store) Notification(ctx context.Context, m Mailbox, runID string) (Notification, time.Time, error) {
	one := conditions{}
	one.add("n.run_id = ?", runID)
	notes, now, err := s.notes(ctx, m, one, 1)
	if err != nil {
		return Notification{}, time.Time{}, fmt.Errorf("find notification: %w", err)
	}
	if len(notes) == 0 {
		return Notification{}, time.Time{}, ErrNotFound
	}
	return notes[0], now, nil
}

// notes reads messages with their runs, in the order of the list.
func (s *Store) notes(ctx context.Context, m Mailbox, more conditions, limit int) ([]Notification, time.Time, error) {
	newest, args, err := m.newest(more, limit)
	if err != nil {
		return nil, time.Time{}, err
	}
	var rows []struct {
		RunID          string
		CreatedAt, Now int64
		IsRead         bool
	}
	var runs []Run
	now := time.Time{}
	err = s.read(ctx, func(db *gorm.DB) error {
		// One row without a notification tells the clock where there is none.
		err := db.Raw(`SELECT `+s.clock+` AS now, COALESCE(w.run_id, '') AS run_id, COALESCE(w.created_at, 0) AS created_at,
			(d.run_id IS NOT NULL OR w.created_at <= `+readTo+`) AS is_read
			FROM (SELECT 1 AS one) AS o LEFT JOIN (`+newest+`) AS w ON TRUE
			LEFT JOIN notification_reads d ON d.run_id = w.run_id AND d.user_id = ? ORDER BY w.created_at DESC, w.run_id DESC`,
			append(append([]any{m.UserID}, args...), m.UserID)...).Scan(&rows).Error
		if err != nil {
			return err
		}
		now = fromMicros(rows[0].Now)
		if rows[0].RunID == "" {
			rows = nil
			return nil
		}
		ids := make([]string, len(rows))
		for i, row := range rows {
			ids[i] = row.RunID
		}
		runs, now, err = s.load(db, `WHERE r.id IN ?`, ids)
		return err
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	byID := make(map[string]Run, len(runs))
	for _, run := range runs {
		byID[run.ID] = run
	}
	notes := make([]Notification, len(rows))
	for i, row := range rows {
		notes[i] = Notification{RunID: row.RunID, CreatedAt: fromMicros(row.CreatedAt), Read: row.IsRead, Run: byID[row.RunID]}
	}
	return notes, now, nil
}

// UnreadNotifications counts what is unread in a mailbox, up to MaxUnread.
func (s *Store) UnreadNotifications(ctx context.Context, m Mailbox) (int, error) {
	count, args, err := m.countUnread()
	if err != nil {
		return 0, err
	}
	var n int
	err = s.read(ctx, func(db *gorm.DB) error { return db.Raw(count, args...).Scan(&n).Error })
	if err != nil {
		return 0, fmt.Errorf("count unread notifications: %w", err)
	}
	return n, nil
}

// ReadNotification marks the message about one run as read. ErrNotFound when it is not in the mailbox.
func (s *Store) ReadNotification(ctx context.Context, m Mailbox, runID string) error {
	c, err := m.mine()
	if err != nil {
		return err
	}
	c.add("n.run_id = ?", runID)
	rows, err := s.exec(ctx, `INSERT INTO notification_reads (user_id, run_id, read_at) SELECT ?, n.run_id, `+s.clock+notified+c.where()+`
		ON CONFLICT (user_id, run_id) DO UPDATE SET read_at = notification_reads.read_at`, append([]any{m.UserID}, c.args...)...)
	if err != nil {
		return fmt.Errorf("read notification: %w", err)
	}
	if rows == 0 {
		return ErrNotFound
	}
	return nil
}

// settled is how old a notification is that was certainly committed: no transaction takes as long.
const settled = 2 * writeTimeout

// ReadNotifications marks as read every message of a mailbox that was created no later than a moment; zero: every one. It
// costs the same however many there are: the old ones by one mark, and one by one only those of the last minute, some of which
// may not be committed yet and must not be taken for seen.
func (s *Store) ReadNotifications(ctx context.Context, m Mailbox, upTo time.Time) error {
	c, err := m.mine()
	if err != nil {
		return err
	}
	err = s.Write(ctx, func(tx *gorm.DB) error {
		var now int64
		if err := tx.Raw(`SELECT ` + s.clock).Scan(&now).Error; err != nil {
			return err
		}
		end := int64(math.MaxInt64)
		if !upTo.IsZero() {
			end = toMicros(upTo)
		}
		mark := min(end, now-settled.Microseconds())
		err := tx.Exec(`INSERT INTO notification_marks (user_id, read_to) VALUES (?, ?)
			ON CONFLICT (user_id) DO UPDATE SET read_to = excluded.read_to WHERE excluded.read_to > notification_marks.read_to`, m.UserID, mark).Error
		if err != nil {
			return err
		}
		err = tx.Exec(`DELETE FROM notification_reads WHERE user_id = ? AND run_id IN (SELECT n.run_id FROM notifications n JOIN notification_reads d
			ON d.run_id = n.run_id WHERE d.user_id = ? AND n.created_at <= ?)`, m.UserID, m.UserID, mark).Error
		if err != nil {
			return err
		}
		late := conditions{parts: append([]string(nil), c.parts...), args: append([]any{m.UserID}, c.args...)}
		late.add("n.created_at > ? AND n.created_at <= ?", mark, end)
		return tx.Exec(`INSERT INTO notification_reads (user_id, run_id, read_at) SELECT ?, n.run_id, `+s.clock+notified+late.where()+`
			ON CONFLICT (user_id, run_id) DO NOTHING`, late.args...).Error
	})
	if err != nil {
		return fmt.Errorf("read notifications: %w", err)
	}
	return nil
}
