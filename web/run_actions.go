package web

import (
	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
)

// back shows the run again after a change: its page tells what has changed.
func back(c *gin.Context, a access.Access, err error) error {
	if err != nil {
		return err
	}
	return seeOther(c, links.Run(a.Plane, a.Run.ID, links.List{}))
}

func (s *server) cancel(c *gin.Context, a access.Access) error {
	return back(c, a, s.actions.Cancel(c.Request.Context(), a))
}

func (s *server) acknowledge(c *gin.Context, a access.Access) error {
	if err := parseForm(c); err != nil {
		return err
	}
	return back(c, a, s.actions.Acknowledge(c.Request.Context(), a, c.PostForm("note")))
}

func (s *server) reopen(c *gin.Context, a access.Access) error {
	return back(c, a, s.actions.Reopen(c.Request.Context(), a))
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
	return seeOther(c, links.Run(a.Plane, run.ID, links.List{}))
}
