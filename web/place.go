package web

import (
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

const (
	bucketRows = 5  // of each class that needs attention
	recentRows = 10 // of recent operations
)

// workspace is the overview of a workspace, for all tenants that the member may see.
func (s *server) workspace(c *gin.Context, a access.Access) error {
	if c.GetHeader("HX-Target") == ui.HistoryID {
		return s.history(c, a)
	}
	d, err := s.placeData(c, a)
	if err != nil {
		return err
	}
	ctx, scope := c.Request.Context(), a.Scope()
	tenants, err := s.Store.Tenants(ctx, scope, a.Workspace.ID)
	if err != nil {
		return err
	}
	counts, err := s.Store.TenantSummaries(ctx, scope, a.Workspace.ID, d.Summary.Now)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		sum := counts[t.ID]
		sum.Now = d.Summary.Now
		d.Tenants = append(d.Tenants, page.TenantCount{Tenant: t, Summary: sum})
	}
	return s.page(c, ui.Overview(page.Overview(d)), nil)
}

// tenant is the dashboard of a tenant.
func (s *server) tenant(c *gin.Context, a access.Access) error {
	if c.GetHeader("HX-Target") == ui.HistoryID {
		return s.history(c, a)
	}
	d, err := s.placeData(c, a)
	if err != nil {
		return err
	}
	return s.page(c, ui.Overview(page.Tenant(d)), nil)
}

// history is the part of both that a page in view asks for by itself: it costs what ended in its days, so that the page
// comes before it.
func (s *server) history(c *gin.Context, a access.Access) error {
	d, err := s.numbers(c, a)
	if err == nil {
		d.History, err = s.Store.History(c.Request.Context(), a.Scope(), place(a), d.Summary.Now, d.Days)
	}
	return s.page(c, ui.History(page.PlaceHistory(d)), err)
}

func place(a access.Access) models.Filter {
	return models.Filter{WorkspaceID: a.Workspace.ID, TenantID: a.Tenant.ID}
}

// numbers loads what every part of a place's page has.
func (s *server) numbers(c *gin.Context, a access.Access) (d page.PlaceData, err error) {
	if d.Frame, err = s.frame(c, a); err != nil {
		return d, err
	}
	d.Tenant, d.Days = a.Tenant, historyDays(c.Query("days"))
	d.Summary, err = s.Store.Summary(c.Request.Context(), a.Scope(), place(a))
	return d, err
}

// placeData loads the numbers and then the rows behind them, at the numbers' clock reading.
func (s *server) placeData(c *gin.Context, a access.Access) (page.PlaceData, error) {
	ctx, scope, place := c.Request.Context(), a.Scope(), place(a)
	d, err := s.numbers(c, a)
	if err != nil {
		return d, err
	}
	now := d.Summary.Now
	recent := place
	recent.AsOf = now
	if d.Stuck, err = s.Store.ListRuns(ctx, scope, models.BucketLikelyStuck.Filter(place, now), models.Page{Limit: bucketRows}); err != nil {
		return d, err
	}
	if d.FollowUp, err = s.Store.ListRuns(ctx, scope, models.BucketFollowUpRecent.Filter(place, now), models.Page{Limit: bucketRows}); err != nil {
		return d, err
	}
	if d.Recent, err = s.Store.ListRuns(ctx, scope, recent, models.Page{Limit: recentRows}); err != nil {
		return d, err
	}
	switch {
	case c.GetHeader("HX-Target") == ui.LiveID:
		d.HistoryPart = page.HistoryKept
	case c.Query(links.HistoryParam) == "":
		d.HistoryPart = page.HistoryLater
	default:
		d.History, err = s.Store.History(ctx, scope, place, now, d.Days)
	}
	return d, err
}

// historyDays is a length of history that is offered: the one asked for, or the first.
func historyDays(asked string) int {
	if n, err := strconv.Atoi(asked); err == nil && slices.Contains(page.HistoryDays, n) {
		return n
	}
	return page.HistoryDays[0]
}
