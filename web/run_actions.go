package web

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
)

// acted makes a change and shows the run again: its page tells what has changed.
func acted(c *gin.Context, a access.Access, change func(context.Context, access.Access) error) error {
	if err := parseForm(c); err != nil {
		return err
	}
	if err := change(c.Request.Context(), a); err != nil {
		return err
	}
	return seeOther(c, links.Run(a.Plane, a.Run.ID, openedFrom(c)))
}

// openedFrom is the list that the form's page was opened from, so that its way back is kept.
func openedFrom(c *gin.Context) links.List {
	list, err := links.Parse(c.Request.PostForm) //nolint:forbidigo // a field, not the function that sends
	if err != nil {
		return links.List{} // only a convenience
	}
	return list
}

func (s *server) cancel(c *gin.Context, a access.Access) error { return acted(c, a, s.actions.Cancel) }

func (s *server) reopen(c *gin.Context, a access.Access) error { return acted(c, a, s.actions.Reopen) }

func (s *server) claim(c *gin.Context, a access.Access) error { return acted(c, a, s.actions.Claim) }

func (s *server) release(c *gin.Context, a access.Access) error {
	return acted(c, a, s.actions.Release)
}

func (s *server) acknowledge(c *gin.Context, a access.Access) error {
	return acted(c, a, func(ctx context.Context, a access.Access) error {
		return s.actions.Acknowledge(ctx, a, c.PostForm("note"))
	})
}

// retry leads on to the new run. Its form carries a key, so that a second click starts no second run.
func (s *server) retry(c *gin.Context, a access.Access) error {
	if err := parseForm(c); err != nil {
		return err
	}
	run, _, err := s.actions.Retry(c.Request.Context(), a, c.PostForm(page.KeyField))
	if err != nil {
		return err
	}
	return seeOther(c, links.Run(a.Plane, run.ID, openedFrom(c)))
}
