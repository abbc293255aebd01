package web

import (
	"context"
	"fmt"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
)

// frame loads what surrounds every page. Its clock reading is the page's "as of".
func (s *server) frame(c *gin.Context, a access.Access) (page.Frame, error) {
	around, err := s.surroundings(c.Request.Context(), a)
	if err != nil {
		return page.Frame{}, fmt.Errorf("read what surrounds every page: %w", err)
	}
	if !a.Now.IsZero() {
		around.Now = a.Now
	}
	f := page.Frame{
		Who: a.Principal, Workspace: a.Workspace, TenantSlug: a.Tenant.Slug, Types: s.Types, Unread: around.Unread,
		URL: c.Request.URL.RequestURI(), Now: around.Now, State: around.State, Extra: s.extraNav(a.Plane),
	}
	if a.Run.ID != "" {
		f.TenantSlug, f.RunID = a.Run.TenantSlug, a.Run.ID
	}
	if s.Feed != nil {
		f.Events = links.EventsAfter(a.Plane, c.GetString(heardKey))
	}
	return f, nil
}

// surroundings takes one statement. Nobody has notifications on the system plane.
func (s *server) surroundings(ctx context.Context, a access.Access) (around models.Surroundings, err error) {
	if a.Plane == links.System {
		around.State, around.Now, err = s.Store.ReconcilerState(ctx)
		return around, err
	}
	return s.Store.Surroundings(ctx, a.Mailbox())
}
