package web

import (
	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

// stuck shows what is likely stuck in every workspace, by what holds it up.
func (s *server) stuck(c *gin.Context, a access.Access) error {
	ctx, scope := c.Request.Context(), a.Scope()
	listing, filter, done, err := s.narrowed(c, a, links.Stuck)
	if done || err != nil {
		return err
	}
	d := page.StuckData{Listing: listing}
	if d.Summary, err = s.Store.Summary(ctx, scope, filter); err != nil {
		return err
	}
	if d.Groups, err = s.Store.StuckGroups(ctx, scope, filter); err != nil {
		return err
	}
	return s.page(c, ui.StuckPage(page.Stuck(d)), nil)
}
