package page

import (
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// NotificationsData is what a member's notifications are shown from.
type NotificationsData struct {
	Frame
	Only  bool // those that are unread
	Later bool // this is not the first page
	Page  models.NotificationPage
}

// UpToField is the field of the form that marks all as read: the clock reading of the page it is on, so that what came
// since stays unread.
const UpToField = "up_to"

// Notifications lists the messages about runs that ended, in the words of their truth as it is now.
func Notifications(d NotificationsData) view.Notifications {
	n, more := unread(d.Unread)
	count := int64(n)
	p := view.Notifications{
		Shell:   d.shell("Notifications", sectionNotifications, false),
		Heading: view.Heading{Title: "Notifications", Sub: "One message for each run of yours that ended, the newest first."},
		Tabs: []view.Tab{
			{Label: "All", Href: links.Notifications(false), Current: !d.Only},
			{Label: "Unread", Href: links.Notifications(true), Current: d.Only, Count: &count, More: more, Tone: lifecycle.ToneInfo},
		},
		List: view.NotificationList{
			Caption: "Notifications", ShowWorkspace: len(d.Who.Memberships) > 1, Empty: d.empty(), Pager: d.pager(),
		},
	}
	if n > 0 {
		p.Heading.Actions = []view.Action{{
			Label: "Mark all as read", Icon: "checks", Post: true, Href: links.ReadNotifications(),
			Hidden: []view.Pair{{Name: UpToField, Value: d.Page.Now.Format(time.RFC3339Nano)}},
		}}
	}
	for _, note := range d.Page.Notes {
		p.List.Rows = append(p.List.Rows, d.note(note))
	}
	return p
}

func (d NotificationsData) note(n models.Notification) view.Notification {
	t := n.Run.Truth(d.Page.Now)
	_, text := t.Notification()
	row := d.row(n.Run, d.Page.Now, links.List{})
	row.Href = links.FromNotification(n.RunID, n.Run.WorkspaceSlug, n.Run.TenantSlug, t.ProblemClass)
	return view.Notification{RunRow: row, Text: text, Unread: !n.Read, Came: view.At(n.CreatedAt, d.Page.Now)}
}

func (d NotificationsData) empty() view.Empty {
	if d.Only {
		return view.Empty{
			Icon: "checks", Title: "Nothing is unread", Text: "You have read every message about your runs.",
			Action: &view.Action{Label: "Show all notifications", Href: links.Notifications(false)},
		}
	}
	return view.Empty{
		Icon: "bell", Title: "No notifications yet",
		Text: "When a run that you started ends, one message appears here: how it ended, whether it was stuck, and what to do next. " +
			"Owners of a workspace also get those of runs that nobody started.",
	}
}

func (d NotificationsData) pager() view.Pager {
	p := view.Pager{Shown: len(d.Page.Notes), Noun: "notifications"}
	if len(d.Page.Notes) == 1 {
		p.Noun = "notification"
	}
	if d.Later {
		p.FirstHref = links.Notifications(d.Only)
	}
	if d.Page.Next != "" {
		p.NextHref = links.NotificationsPage(d.Only, d.Page.Next)
	}
	return p
}
