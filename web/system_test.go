package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/web"
)

// impatient makes a run that is likely stuck at once.
func impatient(queue string) func(*models.NewRun) {
	return func(n *models.NewRun) {
		n.Queue, n.Policy.StaleAfter, n.Policy.QueuedStaleAfter = queue, time.Microsecond, time.Microsecond
	}
}

// One row for each thing that holds runs up, however many runs and workspaces; its number is that of its list.
func TestTheStuckPageCountsWhatItsListsShow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 7 {
		modelstest.Queued(t, b.store, b.world.NewRun(impatient("fleet"), func(n *models.NewRun) {
			if i%2 == 0 {
				n.WorkspaceID, n.TenantID = b.world.Globex.ID, b.world.West.ID
			}
		}))
	}
	modelstest.Running(t, b.store, b.world.NewRun(impatient("other")))
	modelstest.Queued(t, b.store, b.world.NewRun())

	rows := b.page(b.staff(), links.Stuck(links.List{})).Find("#stuck-groups tbody tr")
	require.Equal(t, 2, rows.Length())
	for i, want := range []int{7, 1} {
		n, err := strconv.Atoi(text(rows.Eq(i).Find("td").Eq(2)))
		require.NoError(t, err)
		require.Equal(t, want, n)
		require.Len(t, b.listed(b.staff(), rows.Eq(i).Find("a").AttrOr("href", "")), n)
	}
	require.Equal(t, "2", text(rows.First().Find("td").Eq(6)), "workspaces")
	require.Contains(t, text(b.page(b.staff(), links.Runs(links.System, links.List{Queue: "fleet"})).Find(".chips")), "fleet")
}

func TestTheFailuresPageCountsWhatItsListsShow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seedStates(t, b)
	modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	page := b.page(b.staff(), links.Failures(links.List{}))
	rows := page.Find("table[id^=failures-] tbody tr")
	require.Greater(t, rows.Length(), 3)
	total := 0
	for _, row := range rows.EachIter() {
		n, err := strconv.Atoi(text(row.Find("td").Eq(2)))
		require.NoError(t, err)
		require.Len(t, b.listed(b.staff(), row.Find("a").AttrOr("href", "")), n, text(row))
		total += n
	}
	require.Equal(t, total, page.Find("#runs tbody tr[data-run]").Length(), "every run has its reason")
	require.Equal(t, 1, page.Find("#failures-recent-reconciled tbody tr").Length(), "what opstruth closed stands apart")
}

// Both views are narrowed by the filters of the list, keep them in the address and on every link, and count what their
// lists then have.
func TestTheViewsOfOneClassAreNarrowedAsTheirListIs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seedEverything(t, b)
	for range 30 {
		modelstest.Ended(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.WorkspaceID, n.TenantID = b.world.Globex.ID, b.world.West.ID }), lifecycle.Failed)
	}
	yes, no := true, false
	rows := b.counter(b.staff())
	const runs = "#runs tbody tr[data-run]"
	for _, narrowed := range []links.List{
		{}, {Workspace: "acme"}, {Workspace: "acme", Tenant: "north"}, {Workspace: "globex"}, {Workspace: "acme", Tenant: "south"}, {Type: "sample.audit"},
		{Queue: "fleet"}, {Lineage: &yes}, {Lineage: &no}, {Within: time.Hour}, {To: modelstest.Epoch}, {Text: "no such target"}, {Cause: lifecycle.NoWorkers},
	} {
		for _, view := range []struct {
			path, groups string
			whole        func(links.List) links.List
		}{
			{links.Stuck(narrowed), "#stuck-groups", func(l links.List) links.List { l.Class = lifecycle.ActiveStaleAttention; return l }},
			{links.Failures(narrowed), "table[id^=failures-recent]", func(l links.List) links.List {
				l.Class, l.Open, l.EndedWithin = lifecycle.TerminalFollowUp, &yes, models.Recent
				return l
			}},
		} {
			doc := b.page(b.staff(), view.path)
			total, _ := strconv.Atoi(text(doc.Find(viewTotal)))
			require.Equal(t, rows(links.Runs(links.System, view.whole(narrowed)), runs), total, view.path)
			require.Equal(t, total == 0, doc.Find(".panel .empty-state").Length() > 0, view.path)
			grouped := 0
			for _, row := range doc.Find(view.groups + " tbody tr").EachIter() {
				n, err := strconv.Atoi(text(row.Find("td").Eq(2)))
				require.NoError(t, err)
				grouped += n
			}
			require.Equal(t, total, grouped, view.path)
			if all := doc.Find(".panel-foot a").FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.Contains(strings.ToLower(text(s)), "show all") }); all.Length() > 0 {
				require.Equal(t, total, rows(all.First().AttrOr("href", ""), runs), view.path)
			} else {
				require.Equal(t, total, doc.Find("#runs tbody tr").Length(), "%s shows no more and leads nowhere", view.path)
			}
			asked := narrowed.Values()
			require.Equal(t, len(asked), doc.Find(".chips a.chip").Length(), view.path)
			for _, a := range doc.Find("main a.row-link, .panel-foot a").EachIter() {
				u, err := url.Parse(a.AttrOr("href", ""))
				require.NoError(t, err)
				for name := range asked {
					if name != "within" { // which the list tells as the moment that it begins at
						require.Equal(t, asked.Get(name), u.Query().Get(name), "%s: %s", view.path, text(a))
					}
				}
			}
		}
	}

	// Another class has another view, and what no view has is taken out of its address.
	w := b.as(b.staff(), http.MethodGet, "/system/ops/stuck?problem_class=terminal_follow_up&workspace=acme&type=&open=true", nil)
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, links.Stuck(links.List{Workspace: "acme"}), w.Header().Get("Location"))
	w = b.as(b.staff(), http.MethodGet, "/system/ops/failures?status=running&workspace=globex&tenant=north", nil)
	require.Equal(t, links.Failures(links.List{Workspace: "globex", Tenant: "north"}), w.Header().Get("Location"))
	w = b.as(b.staff(), http.MethodGet, w.Header().Get("Location"), nil)
	require.Equal(t, links.Failures(links.List{Workspace: "globex"}), w.Header().Get("Location"), "a tenant of another workspace")
	require.Equal(t, http.StatusNotFound, b.as(b.staff(), http.MethodGet, links.Stuck(links.List{Workspace: "nowhere"}), nil).Code)
}

// Each number of the health page that needs a person leads to its class's view, which tells the same number.
func TestHealthLeadsEachClassToItsView(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seedEverything(t, b)
	kpis := b.page(b.staff(), links.Home(links.System)).Find(".kpi-link")
	for i, path := range []string{links.Stuck(links.List{}), links.Failures(links.List{})} {
		to := kpis.Eq(i).AttrOr("href", "")
		require.True(t, strings.HasPrefix(to, path+"?as_of="), to)
		require.Equal(t, text(kpis.Eq(i).Find(".kpi-count")), text(b.page(b.staff(), to).Find(viewTotal)))
	}
}

// asker answers as Temporal would, or refuses.
type asker struct {
	said  temporalclient.Said
	err   error
	asked []temporalclient.Subject
}

func (a *asker) Ask(_ context.Context, s temporalclient.Subject) (temporalclient.Said, error) {
	a.asked = append(a.asked, s)
	return a.said, a.err
}

func TestAskingTemporalIsAPartOfThePageOrAPageAndChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	temporal := &asker{said: temporalclient.Said{Answer: lifecycle.Answered, Execution: lifecycle.ExecCompleted, RunID: "t1", Events: 42}}
	b.options.Asker = temporal
	var err error
	b.engine, err = web.New(b.options)
	require.NoError(t, err)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	own := links.Run(links.System, run.ID, links.List{})

	page := b.page(b.staff(), own)
	require.Empty(t, temporal.asked, "a page's making asks Temporal nothing")
	to := page.Find("a[hx-get]").AttrOr("hx-get", "")
	require.Equal(t, links.AskTemporal(run.ID), to)

	part := func() string {
		r := httptest.NewRequest(http.MethodGet, to, nil)
		r.Header.Set("HX-Request", "true")
		r.AddCookie(b.session(b.staff()))
		w := b.serve(r)
		require.Equal(t, http.StatusOK, w.Code)
		require.NotContains(t, w.Body.String(), "<html")
		return w.Body.String()
	}
	require.Contains(t, part(), "They differ")
	require.Equal(t, "opstruth-run-"+run.ID, temporal.asked[0].WorkflowID)
	require.Equal(t, run.Facts.Queue, temporal.asked[0].Queue)

	whole := b.page(b.staff(), to)
	require.Equal(t, "They differ", text(whole.Find("#ask-temporal .tag")))
	require.Equal(t, own, whole.Find("#live").AttrOr("hx-get", ""), "what renews the page asks Temporal nothing")

	temporal.err = temporalclient.ErrBusy
	require.Contains(t, part(), "Too many people ask Temporal at this moment")
	temporal.err, temporal.said = nil, temporalclient.Said{Answer: lifecycle.Unreachable, Problem: "no answer within 2s"}
	require.Contains(t, part(), "no answer within 2s", "an honest answer, and no error")

	after, _, err := b.store.Run(t.Context(), models.Engine(), run.ID)
	require.NoError(t, err)
	require.Equal(t, run.Facts.Version, after.Facts.Version, "what Temporal said was not stored")
	require.Equal(t, run.LivenessVersion, after.LivenessVersion)
}

// Platform staff may act as members may, and every act names who did it.
func TestPlatformStaffActOnTheirOwnPlane(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stuck := modelstest.Queued(t, b.store, b.world.NewRun(impatient("fleet")))
	failed := modelstest.Ended(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Input = []byte(`{"items":1}`) }), lifecycle.Failed)
	for _, c := range []struct {
		run    models.Run
		action string
		form   url.Values
		leaves lifecycle.Kind
	}{
		{stuck, "claim", nil, lifecycle.Claimed},
		{stuck, "release", nil, lifecycle.Released},
		{stuck, "cancel", nil, lifecycle.CancelRequested},
		{failed, "acknowledge", url.Values{"note": {"known"}}, lifecycle.Acknowledged},
		{failed, "reopen", nil, lifecycle.Reopened},
		{failed, "retry", url.Values{"idempotency_key": {"k1"}}, lifecycle.Retried},
	} {
		w := b.as(b.staff(), http.MethodPost, links.RunAction(links.System, c.run.ID, c.action), c.form)
		require.Equal(t, http.StatusSeeOther, w.Code, "%s: %s", c.action, w.Body.String())
		require.True(t, strings.HasPrefix(w.Header().Get("Location"), links.Runs(links.System, links.List{})+"/"), "stays on the plane")
		events, _, err := b.store.Timeline(t.Context(), models.Platform(), c.run.ID, models.Page{})
		require.NoError(t, err)
		found := false
		for _, e := range events {
			found = found || e.Kind == c.leaves && e.Actor == b.world.Staff.Name
		}
		require.True(t, found, "%s left no event by %s", c.action, b.world.Staff.Name)
	}
}
