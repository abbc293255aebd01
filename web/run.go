package web

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/api"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

const (
	itemRows  = 50
	eventRows = 50
	relatives = 5 // of each kind
)

// operation is a member's page of a run.
func (s *server) operation(c *gin.Context, a access.Access) error {
	d, err := s.runData(c, a)
	if err != nil {
		return err
	}
	if d.Artifacts, err = s.artifacts(c.Request.Context(), a); err != nil {
		return err
	}
	return s.page(c, ui.RunPage(page.Run(d)), nil)
}

// systemRun is the platform staff's page of a run: the same truth, the stored evidence beside it, and the
// way to the very execution in Temporal UI. A tenant's results are not shown there.
func (s *server) systemRun(c *gin.Context, a access.Access) error {
	d, err := s.systemRunData(c, a)
	if err != nil {
		return err
	}
	return s.page(c, ui.RunPage(page.Run(d)), nil)
}

func (s *server) systemRunData(c *gin.Context, a access.Access) (page.RunData, error) {
	d, err := s.runData(c, a)
	if err != nil {
		return d, err
	}
	d.TemporalUI, d.Namespace = s.TemporalUIURL, s.Namespace
	d.Triage, err = s.triage(c.Request.Context(), a)
	return d, err
}

func (s *server) runData(c *gin.Context, a access.Access) (d page.RunData, err error) {
	query := c.Request.URL.Query()
	if d.From, err = links.Parse(query); err != nil {
		d.From = links.List{} // where the page was opened from is only a convenience
	}
	filter := page.ItemReason(query)
	if filter.Reason == nil {
		filter.State = page.ItemTab(a.Run, query.Get("items"))
	}
	d.ItemState, d.ItemReason, d.ItemsAfter = filter.State, filter.Reason, query.Get("items_after")
	ctx, scope := c.Request.Context(), a.Scope()
	d.Run = a.Run
	if d.Frame, err = s.frame(c, a); err != nil {
		return d, err
	}
	d.Items, d.ItemsNext, err = s.Store.Items(ctx, scope, a.Run.ID, filter, models.Page{Cursor: d.ItemsAfter, Limit: itemRows})
	if err != nil {
		return d, err
	}
	if a.Run.Facts.Counts.Failed > 0 {
		if d.Reasons, d.ReasonCount, err = s.Store.Reasons(ctx, scope, a.Run.ID, page.MaxReasons); err != nil {
			return d, err
		}
	}
	d.Events, d.EventsNext, err = s.Store.Timeline(ctx, scope, a.Run.ID, models.Page{Cursor: query.Get("events_after"), Limit: eventRows})
	if err != nil {
		return d, err
	}
	if d.EventsNext != "" || query.Get("events_after") != "" {
		if d.All, _, err = s.Store.Timeline(ctx, scope, a.Run.ID, models.Page{Limit: page.PictureEvents}); err != nil {
			return d, err
		}
	}
	d.Lineage, err = s.Store.Lineage(ctx, scope, a.Run, relatives)
	return d, err
}

// artifacts lists the results. Those that the page shows in place come with their content.
func (s *server) artifacts(ctx context.Context, a access.Access) ([]models.Artifact, error) {
	list, err := s.Store.Artifacts(ctx, a.Scope(), a.Run.ID)
	if err != nil {
		return nil, err
	}
	for i, artifact := range list {
		if page.Inline(artifact) {
			if list[i], err = s.Store.Artifact(ctx, a.Scope(), a.Run.ID, artifact.Name); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// artifact downloads a result.
func (s *server) artifact(c *gin.Context, a access.Access) error {
	info, err := s.Store.ArtifactInfo(c.Request.Context(), a.Scope(), a.Run.ID, c.Param("name"))
	if err != nil {
		return err
	}
	patient(c)
	api.Download(c.Writer.Header(), info)
	return s.Store.ArtifactTo(c.Request.Context(), a.Scope(), a.Run.ID, info.Name, c.Writer)
}
