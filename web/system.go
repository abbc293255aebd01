package web

import (
	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

// system tells how well opstruth itself does: its reconciler, its workers and queues.
func (s *server) system(c *gin.Context, a access.Access) error {
	ctx := c.Request.Context()
	var d page.HealthData
	var err error
	if d.Frame, err = s.frame(c, a); err != nil {
		return err
	}
	if d.Summary, err = s.Store.Summary(ctx, a.Scope(), models.Filter{}); err != nil {
		return err
	}
	if d.Workers, _, err = s.Store.Workers(ctx); err != nil {
		return err
	}
	if d.Active, err = s.Store.ActiveByQueue(ctx); err != nil {
		return err
	}
	if d.Detection, err = s.Store.Detection(ctx, d.Summary.Now); err != nil {
		return err
	}
	d.Stale = s.WorkerAlive
	return s.page(c, ui.HealthPage(page.Health(d)), nil)
}
