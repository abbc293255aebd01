package web

import (
	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

const failureRows = 20 // run by run, below the reasons

// failures shows what ended in every workspace and needs follow-up, by how it ended and then run by run.
func (s *server) failures(c *gin.Context, a access.Access) error {
	ctx, scope := c.Request.Context(), a.Scope()
	listing, filter, done, err := s.narrowed(c, a, links.Failures)
	if done || err != nil {
		return err
	}
	d := page.FailuresData{Listing: listing}
	if d.Summary, err = s.Store.Summary(ctx, scope, filter); err != nil {
		return err
	}
	recent := models.BucketFollowUpRecent.Filter(filter, d.Summary.Now)
	if d.Recent, err = s.Store.FailureGroups(ctx, scope, recent); err != nil {
		return err
	}
	if d.Summary.FollowUpOlder > 0 {
		older := models.BucketFollowUpOlder.Filter(filter, d.Summary.Now)
		if d.Older, err = s.Store.FailureGroups(ctx, scope, older); err != nil {
			return err
		}
	}
	if d.Page, err = s.Store.ListRuns(ctx, scope, recent, models.Page{Limit: failureRows}); err != nil {
		return err
	}
	return s.page(c, ui.FailuresPage(page.Failures(d)), nil)
}
