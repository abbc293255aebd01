package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/workflows/contract"
)

// A whole id leads straight to its run, for those who may see it.
func TestAWholeIDLeadsToItsRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Queued(t, b.store, b.world.NewRun())
	for _, text := range []string{run.ID, contract.WorkflowID(run.ID), " " + run.ID + " ", strings.ToUpper(run.ID)} {
		list := links.List{Workspace: "acme", Text: strings.TrimSpace(text)}
		w := b.as(b.owner(), http.MethodGet, links.Runs(links.Admin, list), nil)
		require.Equal(t, http.StatusSeeOther, w.Code, text)
		require.Equal(t, links.Run(links.Admin, run.ID, links.List{Workspace: "acme"}), w.Header().Get("Location"), text)
		w = b.as(b.staff(), http.MethodGet, links.Runs(links.System, list), nil)
		require.Equal(t, links.Run(links.System, run.ID, links.List{Workspace: "acme"}), w.Header().Get("Location"), text)
		list.Workspace = ""
		require.Empty(t, b.listed(b.stranger(), links.Runs(links.Admin, list)), "a search never widens the scope")
		require.Len(t, b.exported(b.owner(), links.RunsExport(links.Admin, list)), 1, "a file is a list all the same")
	}
	missing := "00000000-0000-7000-8000-000000000000"
	require.Empty(t, b.listed(b.owner(), links.Runs(links.Admin, links.List{Text: missing})))
	for _, part := range []string{run.ID[len(run.ID)-8:], "…" + run.ID[len(run.ID)-8:], "Simulation"} {
		require.Equal(t, []string{run.ID}, b.listed(b.owner(), links.Runs(links.Admin, links.List{Text: part})), part)
	}
}

// Every page has one search: its own, or the one in the top bar, which leads to the list of the plane and place.
func TestEveryPageHasOneSearch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Queued(t, b.store, b.world.NewRun())
	for _, c := range []struct {
		who        reader
		path, list string
		place      url.Values
	}{
		{b.owner(), links.Workspace("acme"), "/admin/operations", url.Values{"workspace": {"acme"}}},
		{b.owner(), links.Tenant("acme", "north"), "/admin/operations", url.Values{"workspace": {"acme"}}},
		{b.owner(), links.Start("acme", "north", ""), "/admin/operations", url.Values{"workspace": {"acme"}}},
		{b.owner(), links.Run(links.Admin, run.ID, links.List{}), "/admin/operations", url.Values{"workspace": {"acme"}}},
		{b.owner(), links.Notifications(false), "/admin/operations", url.Values{}},
		{b.staff(), "/system", "/system/ops/runs", url.Values{}},
		{b.staff(), links.Run(links.System, run.ID, links.List{}), "/system/ops/runs", url.Values{}},
	} {
		doc := b.page(c.who, c.path)
		box := doc.Find("[data-search]")
		require.Equal(t, 1, box.Length(), c.path)
		form := box.Closest(".topbar form[role=search]")
		require.Equal(t, c.list, form.AttrOr("action", ""), c.path)
		require.Equal(t, "get", form.AttrOr("method", ""))
		require.NotEmpty(t, text(doc.Find(`label[for="`+box.AttrOr("id", "")+`"]`)), c.path)
		place := fieldsOf(form)
		place.Del("q")
		require.Equal(t, c.place, place, c.path)
		asked := c.place
		asked.Set("q", "simulation")
		require.Equal(t, []string{run.ID}, b.listed(c.who, c.list+"?"+asked.Encode()), c.path)
	}
	for path, who := range map[string]reader{
		"/admin/operations": b.owner(), "/system/ops/runs": b.staff(), links.Stuck(links.List{}): b.staff(), links.Failures(links.List{}): b.staff(),
	} {
		doc := b.page(who, path)
		require.Equal(t, 1, doc.Find("[data-search]").Length(), path)
		require.Zero(t, doc.Find(".topbar [data-search]").Length(), path)
	}
}

func TestInitiatorsAreOfferedAndNamedAlike(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Queued(t, b.store, b.world.NewRun())
	modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.InitiatorID, n.InitiatorName = b.world.Viewer.ID, b.world.Viewer.Name }))
	listed := func(who string) ([]string, *goquery.Document) {
		path := links.Runs(links.Admin, links.List{Initiator: who})
		return b.listed(b.owner(), path), b.page(b.owner(), path)
	}
	for _, who := range []string{"me", b.world.Owner.Email, strings.ToUpper(b.world.Owner.Email), b.world.Owner.ID} {
		ids, doc := listed(who)
		require.Equal(t, []string{run.ID}, ids, who)
		require.Equal(t, "me", doc.Find(`select[name=initiator] option[selected]`).AttrOr("value", ""), who)
		require.Equal(t, b.world.Owner.Name, text(doc.Find(".chip bdi")), who)
	}
	_, doc := listed(b.world.Viewer.Email)
	require.Equal(t, b.world.Viewer.ID, doc.Find(`select[name=initiator] option[selected]`).AttrOr("value", ""))
	require.Equal(t, b.world.Viewer.Name, text(doc.Find(".chip bdi")))

	ids, doc := listed(b.world.Stranger.Email)
	require.Empty(t, ids)
	options := doc.Find("select[name=initiator] option")
	require.Equal(t, 4, options.Length(), "anybody, me, the other member, and what was asked for: %s", options.Text())
	require.NotContains(t, doc.Text(), b.world.Stranger.Name, "nobody learns of people in other workspaces")
	staff := b.page(b.staff(), links.Runs(links.System, links.List{})).Find("select[name=initiator] option")
	require.Contains(t, staff.Text(), b.world.Stranger.Name)
}

// Whoever pages while runs leave the list is told, and finds back.
func TestAnEmptiedPageLeadsBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 51 {
		modelstest.Queued(t, b.store, b.world.NewRun())
	}
	list := links.List{Workspace: "acme", Status: lifecycle.Queued}
	first := b.page(b.owner(), links.Runs(links.Admin, list))
	next := first.Find(`.pager a[rel=next]`).AttrOr("href", "")
	require.NotEmpty(t, next)
	require.NoError(t, b.store.DB().Exec(`UPDATE operation_runs SET status = 'running'`).Error)
	doc := b.page(b.owner(), next)
	require.Equal(t, links.Runs(links.Admin, list), doc.Find(".empty-state a").AttrOr("href", ""))
	require.Contains(t, text(doc.Find(".empty-state")), "first page")
	require.NotContains(t, text(b.page(b.owner(), links.Runs(links.Admin, list)).Find(".empty-state")), "first page")
}
