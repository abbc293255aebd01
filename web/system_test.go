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

	rows := b.page(b.staff(), links.Stuck()).Find("#stuck-groups tbody tr")
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
	page := b.page(b.staff(), links.Failures())
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
