package links

import (
	"net/url"

	"github.com/opstruth/opstruth/lifecycle"
)

// Entry is what led to a run's page other than a list of runs.
type Entry string

// FromNotifications says that it was a notification: the way back leads to those.
const FromNotifications Entry = "notifications"

// Notifications is a member's list of notifications, or of those that are unread. Only the admin plane has one.
func Notifications(unread bool) string { return NotificationsPage(unread, "") }

// NotificationsPage is a later page of the same list.
func NotificationsPage(unread bool, cursor string) string {
	v := url.Values{}
	if unread {
		v.Set("unread", "true")
	}
	set(v, "cursor", cursor)
	return withQuery("/admin/notifications", v)
}

// FromNotification is the page of the run that a notification is about. Like from a list it carries the class of the run
// and its place.
func FromNotification(id, workspace, tenant string, class lifecycle.ProblemClass) string {
	return Run(Admin, id, List{Workspace: workspace, Tenant: tenant, Class: class, Entry: FromNotifications})
}

// ReadNotification is where it is posted that the notification about a run was read.
func ReadNotification(id string) string {
	return Notifications(false) + "/" + url.PathEscape(id) + "/read"
}

// ReadNotifications is where it is posted that all were read.
func ReadNotifications() string { return Notifications(false) + "/read" }
