package web

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

// Asker asks Temporal about one run when a reader of the system plane wants to know now; *temporalclient.Asker is one.
// It is the only way from a page to Temporal, and no page's own making takes it.
type Asker interface {
	Ask(ctx context.Context, s temporalclient.Subject) (temporalclient.Said, error)
}

// triage loads what the system plane shows of a run beside what both planes do.
func (s *server) triage(ctx context.Context, a access.Access) (page.TriageData, error) {
	d := page.TriageData{CanAsk: s.Asker != nil}
	truth := a.Run.Truth(a.Now)
	if truth.ProblemClass != lifecycle.ActiveStaleAttention {
		return d, nil
	}
	alike := models.StuckGroup{Group: lifecycle.Group{Cause: truth.Cause, Queue: a.Run.Facts.Queue}}
	groups, err := s.Store.StuckGroups(ctx, a.Scope(), alike.Filter(models.Filter{}, a.Now))
	if len(groups) == 1 {
		d.Group = &groups[0]
	}
	return d, err
}

// askTemporal answers with what Temporal says about a run at this moment: as a part of the page that asks by script,
// and otherwise as that page. Whoever may look at the run may ask: it changes nothing, and Temporal UI shows the same.
func (s *server) askTemporal(c *gin.Context, a access.Access) error {
	if s.Asker == nil {
		return models.ErrNotFound
	}
	d := page.AskedData{Run: a.Run, Now: a.Now}
	var err error
	d.Said, err = s.Asker.Ask(c.Request.Context(), temporalclient.SubjectOf(a.Run))
	if d.Busy = errors.Is(err, temporalclient.ErrBusy); err != nil && !d.Busy {
		return err
	}
	if c.GetHeader("HX-Request") != "" {
		return s.page(c, ui.AskedTemporal(page.Asked(d)), nil)
	}
	whole, err := s.systemRunData(c, a)
	if err != nil {
		return err
	}
	whole.URL = links.Run(links.System, a.Run.ID, links.List{}) // what renews the page asks Temporal nothing
	asked := page.Asked(d)
	whole.Triage.Asked = &asked
	return s.page(c, ui.RunPage(page.Run(whole)), nil)
}
