package page

import (
	"strings"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// OverlayData is what the overlay of active runs is made of.
type OverlayData struct {
	Frame  // its place and run are those of the page below; Now and State are not needed
	Active models.Active
}

// Overlay shows what is active, whatever page is open: in the page's place, or in all that the member may see. It says
// nothing of what has ended, and nothing at all where nothing is active.
func Overlay(d OverlayData) view.Overlay {
	base := d.within(d.TenantSlug)
	o := view.Overlay{
		Href: d.overlayHref(), Loaded: true, Poll: Asks(d.Active.Count, d.Active.Runs...),
		Count: d.Active.Count, More: max(0, d.Active.Count-int64(len(d.Active.Runs))), Own: d.RunID,
		ShowTenant: d.TenantSlug == "", ShowWorkspace: d.Workspace.ID == "" && len(d.Who.Memberships) > 1,
	}
	if len(d.Active.Runs) == 0 {
		return o
	}
	now := d.Active.Now
	o.Rows = d.rows(d.Active.Runs, now, activeRuns.list(base, now))
	sum := models.Summary{Now: now}
	o.All = view.Link{Label: "Show all " + view.Count(o.Count), Href: activeRuns.counted(links.Admin, base, sum)}
	if n := d.Active.LikelyStuck; n > 0 {
		o.Stuck = named(view.Count(n)+" "+strings.ToLower(lifecycle.ActiveStaleAttention.Label()), likelyStuck.badge)
		o.StuckHref = likelyStuck.counted(links.Admin, base, sum)
	}
	return o
}
