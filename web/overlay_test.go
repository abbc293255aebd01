package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// over are the runs that lie over a page, once its script has loaded them.
func (b *bench) over(who reader, path string) (ids []string, over *goquery.Selection) {
	b.t.Helper()
	doc := b.page(who, path)
	b.whole(who, doc)
	over = doc.Find("#overlay")
	for _, row := range over.Find("li").EachIter() {
		ids = append(ids, row.AttrOr("data-run", ""))
	}
	return ids, over
}

// activeRuns are the owner's, in the overlay's order.
func (b *bench) activeRuns() []models.Run {
	b.t.Helper()
	a, err := b.store.ActiveRuns(b.t.Context(), b.world.OwnerScope, models.Filter{}, 5)
	require.NoError(b.t, err)
	require.NotEmpty(b.t, a.Runs)
	return a.Runs
}

func TestOverlayShowsThePagesPlaceWithinTheScope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	north := modelstest.Running(t, b.store, b.world.NewRun())
	south := modelstest.Running(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.TenantID = b.world.South.ID }))
	west := modelstest.Running(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.WorkspaceID, n.TenantID = b.world.Globex.ID, b.world.West.ID }))
	both := b.person("Bo", links.Admin, func(id string) {
		for _, w := range []models.Workspace{b.world.Acme, b.world.Globex} {
			require.NoError(t, b.store.SetMembership(t.Context(), models.Membership{UserID: id, WorkspaceID: w.ID, Role: models.RoleViewer, AllTenants: true}))
		}
	})
	all := links.Runs(links.Admin, links.List{})
	for _, c := range []struct {
		who  reader
		path string
		want []string
	}{
		{both, all, []string{west.ID, south.ID, north.ID}},
		{both, links.Runs(links.Admin, links.List{Workspace: "globex"}), []string{west.ID}},
		{both, links.Workspace("acme"), []string{south.ID, north.ID}},
		{b.owner(), all, []string{south.ID, north.ID}},
		{b.owner(), links.Tenant("acme", "north"), []string{north.ID}},
		{b.owner(), links.Runs(links.Admin, links.List{Workspace: "acme", Tenant: "south"}), []string{south.ID}},
		{b.owner(), links.Start("acme", "south", "sample.simulate"), []string{south.ID}},
		{b.owner(), links.Run(links.Admin, north.ID, links.List{}), []string{north.ID}},
		{b.viewer(), all, []string{north.ID}},
		{b.viewer(), links.Workspace("acme"), []string{north.ID}},
		{b.stranger(), all, []string{west.ID}},
	} {
		got, _ := b.over(c.who, c.path)
		require.Equal(t, c.want, got, "%s at %s", c.who.user.Name, c.path)
	}
	for _, path := range []string{links.Overlay("globex", "", ""), links.Overlay("acme", "south", ""), links.Overlay("no-such", "", "")} {
		require.Equal(t, http.StatusNotFound, b.as(b.viewer(), http.MethodGet, path, nil).Code, path)
	}
	require.Equal(t, http.StatusBadRequest, b.as(b.viewer(), http.MethodGet, links.Overlay("", "north", ""), nil).Code)
	require.Zero(t, b.page(b.staff(), links.Home(links.System)).Find("#overlay").Length())
}

// A run leaves the overlay with what ends it, and the overlay's polling with the last.
func TestOverlayIsLeftByWhatEnds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	place := links.Tenant("acme", "north")
	ids, over := b.over(b.owner(), place)
	require.Empty(t, ids)
	require.Empty(t, over.AttrOr("data-poll", ""))
	require.Zero(t, over.Find("*").Length(), "nothing is shown where nothing is active")

	first, second := modelstest.Running(t, b.store, b.world.NewRun()), modelstest.Running(t, b.store, b.world.NewRun())
	ids, over = b.over(b.owner(), place)
	require.Equal(t, []string{second.ID, first.ID}, ids)
	require.Equal(t, "5", over.AttrOr("data-poll", ""))
	modelstest.Finish(t, b.store, second, lifecycle.Failed)
	ids, _ = b.over(b.owner(), place)
	require.Equal(t, []string{first.ID}, ids, "what ended, however badly, is for other surfaces")

	claim := lifecycle.Closing{ID: "c1", Cause: lifecycle.NoWorkers}
	now, _, err := b.store.Run(t.Context(), models.Engine(), first.ID)
	require.NoError(t, err)
	for _, c := range []lifecycle.Change{
		{Kind: lifecycle.CloseClaimed, Version: now.Facts.Version, LivenessAt: now.Facts.LivenessAt, Closing: claim},
		{Kind: lifecycle.Reconciled, Closing: claim, Silence: lifecycle.Silence{Cause: lifecycle.NoWorkers}},
	} {
		_, err := b.store.Transition(t.Context(), first.ID, c)
		require.NoError(t, err)
	}
	ids, over = b.over(b.owner(), place)
	require.Empty(t, ids, "so is what was reconciled")
	require.Empty(t, over.AttrOr("data-poll", ""))
	require.Contains(t, text(b.page(b.owner(), place).Find("#recent")), lifecycle.StateReconciled.Badge().Label, "recents tell it in the same cycle")
}

// The five that need attention most are shown; what leads on has as many rows as it says.
func TestOverlayBeginsWithWhatIsStuckAndCountsTheRest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var want []string
	for range 2 {
		want = append([]string{modelstest.Running(t, b.store, b.world.NewRun(impatient("fleet"))).ID}, want...)
	}
	var fresh []string
	for range 6 {
		fresh = append([]string{modelstest.Running(t, b.store, b.world.NewRun()).ID}, fresh...)
	}
	want = append(want, fresh[:3]...)
	modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	b.freeze()
	for _, page := range []string{links.Runs(links.Admin, links.List{}), links.Workspace("acme"), links.Run(links.Admin, want[0], links.List{})} {
		got, over := b.over(b.owner(), page)
		require.Equal(t, want, got)
		require.Contains(t, text(over.Find("summary")), "8 active 2 likely stuck")
		require.Contains(t, text(over.Find(".overlay-foot")), "and 3 more")
		rows := b.counter(b.owner())
		counted := over.Find(".overlay-foot a")
		require.Equal(t, []string{"Show all 8", "2 likely stuck"}, counted.Map(func(_ int, s *goquery.Selection) string { return text(s) }))
		for i, n := range []int{8, 2} {
			require.Equal(t, n, rows(counted.Eq(i).AttrOr("href", ""), "#runs tbody tr[data-run]"))
		}
	}
	_, over := b.over(b.owner(), links.Tenant("acme", "north"))
	u, err := url.Parse(over.Find(".overlay-foot a").First().AttrOr("href", ""))
	require.NoError(t, err)
	list, err := links.Parse(u.Query())
	require.NoError(t, err)
	require.Equal(t, []any{"acme", "north", true}, []any{list.Workspace, list.Tenant, *list.Active}, "the list keeps the place")
	require.False(t, list.AsOf.IsZero())
}

// It is no second story: each run is told by its truth's own badges, and each row leads to the run.
func TestOverlayTellsTheSameStory(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seedStates(t, b)
	b.freeze()
	truths := b.truths()
	ids, over := b.over(b.owner(), links.Workspace("acme"))
	require.Len(t, ids, 5)
	for i, row := range over.Find("li").EachIter() {
		truth := truths[ids[i]]
		var labels []string
		for _, badge := range slices.Concat([]lifecycle.Badge{truth.Badge()}, truth.Marks()) {
			labels = append(labels, badge.Label)
		}
		require.Equal(t, labels, row.Find(".tag").Map(func(_ int, s *goquery.Selection) string { return text(s) }))
		u, err := url.Parse(row.Find("a").AttrOr("href", ""))
		require.NoError(t, err)
		require.Equal(t, links.Run(links.Admin, ids[i], links.List{}), u.Path)
	}
}
