package web

import (
	"errors"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

const listRows = 50

// operations is the canonical list over what the member may see.
func (s *server) operations(c *gin.Context, a access.Access) error { return s.runs(c, a) }

// systemRuns is the list over all workspaces.
func (s *server) systemRuns(c *gin.Context, a access.Access) error { return s.runs(c, a) }

func (s *server) runs(c *gin.Context, a access.Access) error {
	query := c.Request.URL.Query()
	if query.Get("workspace") == "" {
		query.Del("tenant") // the filter's form keeps it when the workspace is taken away
	}
	list, err := links.Parse(query)
	if err != nil {
		return err
	}
	ctx, scope := c.Request.Context(), a.Scope()
	filter, err := find.Filter(ctx, s.Store, scope, list)
	if errors.Is(err, models.ErrNotFound) && list.Tenant != "" {
		list.Tenant = "" // likewise when another workspace is chosen
		return seeOther(c, links.Runs(a.Plane, list))
	}
	if err != nil {
		return err
	}
	d := page.RunsData{List: list, Cursor: query.Get("cursor")}
	if filter.WorkspaceID != "" {
		if a.Workspace, err = s.Store.Workspace(ctx, scope, filter.WorkspaceID); err != nil {
			return err
		}
		if d.Tenants, err = s.Store.Tenants(ctx, scope, filter.WorkspaceID); err != nil {
			return err
		}
	}
	if d.Frame, err = s.frame(c, a); err != nil {
		return err
	}
	if d.Places, err = s.Store.Workspaces(ctx, scope); err != nil {
		return err
	}
	if d.Page, err = s.Store.ListRuns(ctx, scope, filter, models.Page{Cursor: d.Cursor, Limit: listRows}); err != nil {
		return err
	}
	base, err := find.Filter(ctx, s.Store, scope, page.Base(list))
	if err != nil {
		return err
	}
	base.AsOf = list.AsOf
	if d.Summary, err = s.Store.Summary(ctx, scope, base); err != nil {
		return err
	}
	return s.page(c, ui.RunList(page.Runs(d)), nil)
}
