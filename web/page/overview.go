package page

import (
	"slices"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/web/view"
)

// PlaceData is what the overview of a workspace or of a tenant is made of.
type PlaceData struct {
	Frame    // Workspace is required
	Tenant   models.Tenant
	Summary  models.Summary // of the workspace, or of the tenant
	Stuck    models.RunPage // the first of models.BucketLikelyStuck at Summary.Now
	FollowUp models.RunPage // the first of models.BucketFollowUpRecent at Summary.Now
	Recent   models.RunPage // the newest, whatever they are
	Tenants  []TenantCount  // of the workspace that the reader may see; unused on a tenant's page
	Days     int            // of the history
	History  models.History // at Summary.Now

	HistoryPart HistoryPart
}

// HistoryPart says where a place's history is.
type HistoryPart int

const (
	HistoryHere  HistoryPart = iota // in PlaceData
	HistoryLater                    // asked for once the page is there: it costs more than the rest
	HistoryKept                     // as the page in view has it, which renews itself: it changes less than the rest
)

// TenantCount is a tenant and its numbers.
type TenantCount struct {
	Tenant  models.Tenant
	Summary models.Summary
}

// Overview is a workspace's first page.
func Overview(d PlaceData) view.Overview {
	p := d.place(d.Workspace.Name, d.within(""), len(d.Tenants) != 1)
	p.Heading = view.Heading{Title: d.Workspace.Name, Sub: "What runs, what is stuck and what ended badly, for all tenants you may see."}
	places := d.tenants()
	p.Places = &places
	p.History = PlaceHistory(d)
	p.Recent.Empty = view.Empty{
		Icon: "player-play", Title: "No operation has run yet",
		Text: "Open a tenant below and start one there; it appears here at once.",
	}
	return p
}

// Tenant is a tenant's first page: the same, and what can be started.
func Tenant(d PlaceData) view.Overview {
	p := d.place(d.Tenant.Name, d.within(d.Tenant.Slug), false)
	p.Heading = view.Heading{
		Crumbs: []view.Crumb{{Label: d.Workspace.Name, Href: links.Workspace(d.Workspace.Slug)}, {Label: d.Tenant.Name}},
		Title:  d.Tenant.Name,
	}
	p.History = PlaceHistory(d)
	p.Recent.Empty = view.Empty{Icon: "player-play", Title: "No operation has run for this tenant yet"}
	if d.may(d.Workspace.ID) {
		p.Starts = d.startable(d.Tenant, "")
		p.Recent.Empty.Text = "Choose one above to start it."
	} else {
		p.Recent.Empty.Text = "An operator or owner of the workspace can start one."
	}
	return p
}

func (d PlaceData) place(title string, base links.List, manyTenants bool) view.Overview {
	visible := slices.Concat(d.Stuck.Runs, d.FollowUp.Runs, d.Recent.Runs)
	return view.Overview{
		Shell:     d.shell(title, sectionHome, Asks(d.Summary.Active, visible...)),
		KPIs:      kpis(d.Who.Plane, base, d.Summary),
		Attention: d.attention(base, manyTenants),
		Recent:    view.RunTable{ID: "recent", Caption: "Recent operations", ShowTenant: manyTenants, Rows: d.rows(d.Recent.Runs, d.Recent.Now, base)},
		RecentAll: view.Link{Label: "All operations", Href: links.Runs(d.Who.Plane, base)},
	}
}

// attention lists the two classes that need a person, never merged.
func (d PlaceData) attention(base links.List, manyTenants bool) view.Attention {
	list := func(id string, b bucket, runs models.RunPage) view.Bucket {
		out := view.Bucket{
			ID: id, Badge: b.badge, Count: b.count(d.Summary),
			Runs: view.RunTable{
				ID: id + "-runs", Caption: b.badge.Label, ShowTenant: manyTenants,
				Rows: d.rows(runs.Runs, runs.Now, b.list(base, d.Summary.Now)),
			},
		}
		if out.Count > int64(len(runs.Runs)) {
			out.All = view.Link{Label: "Show all " + view.Count(out.Count), Href: b.counted(d.Who.Plane, base, d.Summary)}
		}
		return out
	}
	stuck, ended := list("stuck", likelyStuck, d.Stuck), list("follow-up", followUps, d.FollowUp)
	ended.Note, ended.Older = "last 7 days", older(d.Who.Plane, base, d.Summary)
	return view.Attention{Buckets: []view.Bucket{stuck, ended}}
}

// tenants lists the workspace's tenants, each with its counts.
func (d PlaceData) tenants() view.Table {
	t := view.Table{
		ID: "tenants", Caption: "Tenants",
		Columns: []view.Column{
			{Label: "Tenant"}, {Label: activeRuns.badge.Label, Numeric: true},
			{Label: likelyStuck.badge.Label, Numeric: true}, {Label: followUps.badge.Label, Numeric: true},
		},
		Empty: view.Empty{Icon: "building", Title: "No tenant to show", Text: "Ask an owner of the workspace to entitle you to one."},
	}
	for _, c := range d.Tenants {
		base := d.within(c.Tenant.Slug)
		cells := []view.Cell{{Text: c.Tenant.Name}}
		for _, b := range []bucket{activeRuns, likelyStuck, followUps} {
			cells = append(cells, view.Cell{Text: view.Count(b.count(c.Summary)), Href: b.counted(d.Who.Plane, base, c.Summary)})
		}
		t.Rows = append(t.Rows, view.Row{ID: "tenant-" + c.Tenant.Slug, Href: links.Tenant(d.Workspace.Slug, c.Tenant.Slug), Cells: cells})
	}
	return t
}

// startable lists the operation types that can be started for a tenant.
func (f Frame) startable(t models.Tenant, current string) []view.TypeChoice {
	var choices []view.TypeChoice
	for _, d := range f.types() {
		choices = append(choices, view.TypeChoice{
			Title: d.Title, Description: d.Description, Icon: "player-play",
			Href: links.Start(f.Workspace.Slug, t.Slug, d.Name), Current: d.Name == current,
		})
	}
	return choices
}

func (f Frame) types() []operation.Definition {
	if f.Types == nil {
		return nil
	}
	return f.Types.All()
}
