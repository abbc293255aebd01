package web

import (
	"context"
	"mime"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
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
	d, err := s.runData(c, a)
	if err != nil {
		return err
	}
	d.TemporalUI, d.Namespace = s.TemporalUIURL, s.Namespace
	return s.page(c, ui.RunPage(page.Run(d)), nil)
}

func (s *server) runData(c *gin.Context, a access.Access) (d page.RunData, err error) {
	query := c.Request.URL.Query()
	if d.From, err = links.Parse(query); err != nil {
		d.From = links.List{} // where the page was opened from is only a convenience
	}
	d.ItemState, d.ItemsAfter = page.ItemTab(a.Run, query.Get("items")), query.Get("items_after")
	ctx, scope := c.Request.Context(), a.Scope()
	d.Run = a.Run
	if d.Frame, err = s.frame(c, a); err != nil {
		return d, err
	}
	d.Items, d.ItemsNext, err = s.Store.Items(ctx, scope, a.Run.ID, models.ItemFilter{State: d.ItemState}, models.Page{Cursor: d.ItemsAfter, Limit: itemRows})
	if err != nil {
		return d, err
	}
	d.Events, d.EventsNext, err = s.Store.Timeline(ctx, scope, a.Run.ID, models.Page{Cursor: query.Get("events_after"), Limit: eventRows})
	if err != nil {
		return d, err
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

// artifact downloads a result. It is never shown as a page of ours, whatever its content claims to be.
func (s *server) artifact(c *gin.Context, a access.Access) error {
	artifact, err := s.Store.Artifact(c.Request.Context(), a.Scope(), a.Run.ID, c.Param("name"))
	if err != nil {
		return err
	}
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": artifact.Name}))
	c.Header("Content-Security-Policy", "sandbox")
	c.Data(http.StatusOK, artifact.ContentType, artifact.Body)
	return nil
}
