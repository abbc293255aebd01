package main

import (
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// window lets runs stand where a page shows only the first few: among what needs attention, the recent runs, what lies
// over the pages, and the failures run by run. As many as all these show are moved into a tenant of their own, looked at
// there and in its workspace, and moved out of sight. So it comes last: other numbers are not theirs any more.
func (a *agreed) window() {
	pane, away := a.room("window", "pane"), a.room("away", "all")
	all := a.stories
	defer func() { a.stories = all }()
	for _, few := range a.fitting(a.sampled(alone)) {
		a.stories = few
		a.move(few, pane)
		for _, base := range []links.List{{Workspace: "window"}, {Workspace: "window", Tenant: "pane"}} {
			path := links.Workspace(base.Workspace)
			if base.Tenant != "" {
				path = links.Tenant(base.Workspace, base.Tenant)
			}
			a.place(a.member, a.page(a.member, path), base)
			a.over(a.member, base)
		}
		base := links.List{Workspace: "window", Tenant: "pane"}
		failures := a.page(a.staff, links.Failures(base)).Find("#runs tr[data-run]")
		a.sameRuns("failures, by run, of a tenant", a.on(a.staff, a.endedIn(base)), a.rows(a.staff, "failures, by run", failures, a.endedIn(base)))
		a.move(few, away)
	}
}

// room is a tenant in a workspace of its own.
type room struct {
	workspace string // its slug
	tenant    models.Tenant
}

// room makes one, of which the member of all is one too.
func (a *agreed) room(workspace, tenant string) room {
	ctx := a.t.Context()
	w, err := a.store.CreateWorkspace(ctx, models.Workspace{Slug: workspace, Name: workspace})
	require.NoError(a.t, err)
	t, err := a.store.CreateTenant(ctx, models.Tenant{WorkspaceID: w.ID, Slug: tenant, Name: tenant})
	require.NoError(a.t, err)
	require.NoError(a.t, a.store.SetMembership(ctx, models.Membership{
		UserID: a.crowd.Member.ID, WorkspaceID: w.ID, Role: models.RoleOwner, AllTenants: true,
	}))
	return room{workspace, t}
}

// move makes runs those of another tenant, which no run of the product's ever does.
func (a *agreed) move(few []*story, to room) {
	var ids []string
	for _, s := range few {
		ids = append(ids, s.run.ID)
		s.run.WorkspaceID, s.run.WorkspaceSlug, s.run.TenantID, s.run.TenantSlug = to.tenant.WorkspaceID, to.workspace, to.tenant.ID, to.tenant.Slug
	}
	moved := a.store.DB().Exec(`UPDATE operation_runs SET workspace_id = ?, tenant_id = ? WHERE id IN ?`, to.tenant.WorkspaceID, to.tenant.ID, ids)
	require.NoError(a.t, moved.Error)
	require.EqualValues(a.t, len(ids), moved.RowsAffected)
}

// fitting divides runs, in their order, so that a place shows each part whole wherever its runs belong.
func (a *agreed) fitting(stories []*story) (parts [][]*story) {
	var stuck, ended, active int
	count := func(is bool) int { return map[bool]int{true: 1}[is] }
	for _, s := range stories {
		isStuck, isEnded, isActive := count(s.truth.ProblemClass == lifecycle.ActiveStaleAttention), count(a.matches(a.endedIn(links.List{}), s)), count(s.run.Facts.Status.Active())
		n := len(parts)
		if n == 0 || len(parts[n-1]) == recentRows || stuck+isStuck > bucketRows || ended+isEnded > bucketRows || active+isActive > overlayRows {
			parts, stuck, ended, active = append(parts, nil), 0, 0, 0
			n++
		}
		parts[n-1] = append(parts[n-1], s)
		stuck, ended, active = stuck+isStuck, ended+isEnded, active+isActive
	}
	return parts
}
