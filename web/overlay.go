package web

import (
	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/api"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

const (
	overlayRows   = 5
	heardKey      = "heard" // where the feed was before the request read anything
	lastEventName = "Last-Event-ID"
)

// overlay answers with the active runs of a place, or of all that the member may see. It is a part of every page of the
// admin plane that is loaded and renewed on its own.
func (s *server) overlay(c *gin.Context, a access.Access) error {
	query := c.Request.URL.Query()
	list, err := links.Parse(query)
	if err != nil {
		return err
	}
	ctx, scope := c.Request.Context(), a.Scope()
	if list.Workspace != "" {
		if a.Workspace, a.Tenant, err = find.Place(ctx, s.Store, scope, list.Workspace, list.Tenant); err != nil {
			return err
		}
	}
	d := page.OverlayData{Frame: page.Frame{
		Who: a.Principal, Workspace: a.Workspace, TenantSlug: a.Tenant.Slug, RunID: query.Get(links.PageParam), Types: s.Types,
	}}
	d.Active, err = s.Store.ActiveRuns(ctx, scope, place(a), overlayRows)
	return s.page(c, ui.Overlay(page.Overlay(d)), err)
}

// events tells the script of a page which runs have changed since the page was read.
func (s *server) events(c *gin.Context, _ access.Access) error {
	last := c.GetHeader(lastEventName) // of a browser that comes back by itself
	if last == "" {
		last = c.Query(links.AfterParam)
	}
	return api.TellPages(c.Request.Context(), s.Feed, last, c.Writer)
}
