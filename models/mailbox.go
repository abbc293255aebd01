package models

import (
	"fmt"
	"slices"
	"strings"
)

// Mailbox is whose notifications are meant: those of runs that the user started and, in the workspaces that the user
// owns, of runs that nobody started. Of both there are only those of runs that the scope still opens. The zero Mailbox is
// nobody's and refused, so that it cannot be left out.
type Mailbox struct {
	UserID string
	Owns   []string // ids of workspaces
	Scope  Scope
}

// Takes reports whether the mailbox gets the notification of a run. It is what its conditions say in SQL.
func (m Mailbox) Takes(r Run) bool {
	if !m.Scope.Sees(r.WorkspaceID, r.TenantID) || m.UserID == "" {
		return false
	}
	return r.InitiatorID == m.UserID || r.InitiatorID == "" && slices.Contains(m.Owns, r.WorkspaceID)
}

// parts are the conditions on a notification n for each kind of it; each kind has an index in the order of the list.
func (m Mailbox) parts() []conditions {
	own := conditions{}
	own.add("n.user_id = ?", m.UserID)
	parts := []conditions{own}
	for _, workspace := range m.Owns {
		nobodys := conditions{}
		nobodys.add("n.user_id IS NULL AND n.workspace_id = ?", workspace)
		parts = append(parts, nobodys)
	}
	return parts
}

// notified are notifications with the run that each is about.
const notified = ` FROM notifications n JOIN operation_runs r ON r.id = n.run_id `

// mine is the condition that a notification is in the mailbox, for few of them that are found by something else.
func (m Mailbox) mine() (*conditions, error) {
	visible, args, err := m.visible()
	if err != nil {
		return nil, err
	}
	var kinds []string
	c := &conditions{}
	for _, part := range m.parts() {
		kinds = append(kinds, strings.Join(part.parts, " AND "))
		c.args = append(c.args, part.args...)
	}
	c.parts = []string{"(" + strings.Join(kinds, " OR ") + ")"}
	c.add(visible, args...)
	return c, nil
}

// visible is the condition that the run of a notification may still be seen.
func (m Mailbox) visible() (string, []any, error) {
	if m.UserID == "" {
		return "", nil, ErrNoScope
	}
	return m.Scope.where()
}

// newest selects the mailbox's notifications for which more holds, the newest first and up to a limit: of each kind as
// many as that, which its index has in this order, and of those the first. Together they have no such index.
func (m Mailbox) newest(more conditions, limit int) (string, []any, error) {
	visible, scopeArgs, err := m.visible()
	if err != nil {
		return "", nil, err
	}
	var kinds []string
	var args []any
	for i, part := range m.parts() {
		part.add(visible, scopeArgs...)
		part.parts, part.args = append(part.parts, more.parts...), append(part.args, more.args...)
		kinds = append(kinds, fmt.Sprintf(`SELECT * FROM (SELECT n.run_id, n.created_at%s%s ORDER BY n.created_at DESC, n.run_id DESC LIMIT %d) AS k%d`,
			notified, part.where(), limit, i))
		args = append(args, part.args...)
	}
	return fmt.Sprintf(`SELECT run_id, created_at FROM (%s) AS kinds ORDER BY created_at DESC, run_id DESC LIMIT %d`,
		strings.Join(kinds, " UNION ALL "), limit), args, nil
}

// unread is the condition that the user has read a notification neither by itself nor with all others.
func (m Mailbox) unread() conditions {
	c := conditions{}
	c.add(`n.created_at > `+readTo, m.UserID)
	c.add(`NOT EXISTS (SELECT 1 FROM notification_reads d WHERE d.user_id = ? AND d.run_id = n.run_id)`, m.UserID)
	return c
}

// readTo is up to when a user has read all notifications.
const readTo = `COALESCE((SELECT k.read_to FROM notification_marks k WHERE k.user_id = ?), 0)`

// MaxUnread is how far unread notifications are counted: nobody reads a larger number, and every page shows it.
const MaxUnread = 100

// countUnread selects how many are unread, MaxUnread at most.
func (m Mailbox) countUnread() (string, []any, error) {
	newest, args, err := m.newest(m.unread(), MaxUnread)
	return `SELECT COUNT(*) FROM (` + newest + `) AS unread`, args, err
}
