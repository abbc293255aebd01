package web

import (
	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

// stuck shows what is likely stuck in every workspace, by what holds it up.
func (s *server) stuck(c *gin.Context, a access.Access) error {
	ctx := c.Request.Context()
	d := page.StuckData{}
	var err error
	if d.Frame, err = s.frame(c, a); err != nil {
		return err
	}
	if d.Groups, err = s.Store.StuckGroups(ctx, a.Scope(), models.Filter{AsOf: d.Now}); err != nil {
		return err
	}
	active, err := s.Store.ActiveByQueue(ctx)
	for _, n := range active {
		d.Active += int64(n)
	}
	return s.page(c, ui.StuckPage(page.Stuck(d)), err)
}
