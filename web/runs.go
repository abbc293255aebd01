package web

import (
	"errors"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

const listRows = 50

// runs is the canonical list: over what a member may see, and on the system plane over all workspaces.
func (s *server) runs(c *gin.Context, a access.Access) error {
	query := c.Request.URL.Query()
	list, err := listOf(query)
	if err != nil {
		return err
	}
	at := models.Page{Cursor: query.Get("cursor"), Before: query.Get("before"), Limit: listRows}
	if clean, ok := cleaned(query, a.Plane, list, at); !ok {
		return seeOther(c, clean)
	}
	ctx, scope := c.Request.Context(), a.Scope()
	if id, ok := find.RunID(list.Text); ok {
		_, _, err := s.Store.Run(ctx, scope, id)
		if err == nil {
			list.Text = "" // the way back would lead here again
			return seeOther(c, links.Run(a.Plane, id, list))
		}
		if !errors.Is(err, models.ErrNotFound) {
			return err
		}
	}
	d := page.RunsData{Later: at.Cursor != "" || at.Before != ""}
	if d.Listing, err = s.listing(c, &a, list); errors.Is(err, errOtherTenant) {
		list.Tenant = ""
		return seeOther(c, links.Runs(a.Plane, list))
	}
	if err != nil {
		return err
	}
	if d.Page, err = s.Store.ListRuns(ctx, scope, find.In(a.Workspace, a.Tenant, list, d.Now), at); err != nil {
		return err
	}
	asOf := d.Page.Now // the tabs count what the list shows
	if !list.AsOf.IsZero() {
		asOf = list.AsOf
	}
	base := find.In(a.Workspace, a.Tenant, page.BaseAt(list, asOf), asOf)
	if d.Summary, err = s.Store.Summary(ctx, scope, base); err != nil {
		return err
	}
	return s.page(c, ui.RunList(page.Runs(d)), nil)
}

// errOtherTenant says that a tenant is none of its workspace: the form keeps it when another workspace is chosen.
var errOtherTenant = errors.New("the tenant is not of this workspace")

// listing loads what every list of runs has besides its rows, and notes the place that it is narrowed to.
func (s *server) listing(c *gin.Context, a *access.Access, list links.List) (d page.Listing, err error) {
	d.List = list
	if d.Around, err = s.Store.Around(c.Request.Context(), a.Scope(), list.Workspace, a.User.ID, models.Plane(a.Plane)); err != nil {
		return d, err
	}
	if list.Workspace != "" {
		a.Workspace, a.Tenant, err = d.Around.Place(list.Workspace, list.Tenant)
	}
	if errors.Is(err, models.ErrNotFound) && list.Tenant != "" {
		return d, errOtherTenant
	}
	if err != nil {
		return d, err
	}
	d.Frame, err = s.frame(c, *a)
	return d, err
}

// listOf reads the filter of a list.
func listOf(query url.Values) (links.List, error) {
	if query.Get("workspace") == "" {
		query.Del("tenant") // the filter's form keeps it when the workspace is taken away
	}
	list, err := links.Parse(query)
	list.Entry = "" // which leads to a run's page, not to a list
	return list, err
}

// cleaned is the address of a list as links write it, and whether the asked one is as clean: a form sends every
// field, also those that ask for nothing.
func cleaned(query url.Values, plane links.Plane, list links.List, at models.Page) (string, bool) {
	want := list.Values()
	for name, values := range query {
		if want.Has(name) && want.Get(name) != values[0] || values[0] == "" {
			if at.Before != "" {
				return links.RunsBefore(plane, list, at.Before), false
			}
			return links.RunsPage(plane, list, at.Cursor), false
		}
	}
	return "", true
}
