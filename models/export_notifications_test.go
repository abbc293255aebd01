package models

import "context"

// ExplainUnread is the planner's answer for the number of unread notifications.
func (s *Store) ExplainUnread(ctx context.Context, m Mailbox) (string, error) {
	count, args, err := m.countUnread()
	if err != nil {
		return "", err
	}
	return s.explain(ctx, count, args...)
}
