package web

import (
	"time"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/fault"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

const notificationRows = 50

// notifications are the member's messages about runs that ended. To look at them marks none as read: a run's page does,
// once it is before the reader who opened it from its message. So links stay links, in a new tab as well, and what loads
// a page that nobody looks at reads nothing.
func (s *server) notifications(c *gin.Context, a access.Access) error {
	query := c.Request.URL.Query()
	d := page.NotificationsData{Only: query.Get("unread") == "true", Later: query.Get("cursor") != ""}
	var err error
	if d.Frame, err = s.frame(c, a); err != nil {
		return err
	}
	at := models.Page{Cursor: query.Get("cursor"), Limit: notificationRows}
	if d.Page, err = s.Store.Notifications(c.Request.Context(), a.Mailbox(), d.Only, at); err != nil {
		return err
	}
	return s.page(c, ui.Notifications(page.Notifications(d)), nil)
}

// readNotification marks the message about a run as read and leads on to the run, from where the new count is taken.
func (s *server) readNotification(c *gin.Context, a access.Access) error {
	if err := parseForm(c); err != nil {
		return err
	}
	run := c.Param("run")
	if err := s.Store.ReadNotification(c.Request.Context(), a.Mailbox(), run); err != nil {
		return err
	}
	return seeOther(c, links.Run(a.Plane, run, openedFrom(c)))
}

// readNotifications marks all messages as read that were there when the form's page was made.
func (s *server) readNotifications(c *gin.Context, a access.Access) error {
	if err := parseForm(c); err != nil {
		return err
	}
	upTo, err := time.Parse(time.RFC3339Nano, c.PostForm(page.UpToField))
	if err != nil {
		return &fault.Invalid{Detail: "the form does not say up to when; open the notifications again and resend it"}
	}
	if err := s.Store.ReadNotifications(c.Request.Context(), a.Mailbox(), upTo); err != nil {
		return err
	}
	return seeOther(c, links.Notifications(false))
}
