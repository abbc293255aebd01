package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/web/api"
)

func nobodys(n *models.NewRun) { n.InitiatorID, n.InitiatorName = "", "" }

// notes are the rows of the first page of somebody's notifications.
func (b *bench) notes(who reader, unread bool) *goquery.Selection {
	b.t.Helper()
	return b.page(who, links.Notifications(unread)).Find("#notifications tbody tr")
}

func runsOf(rows *goquery.Selection) (ids []string) {
	for _, row := range rows.EachIter() {
		ids = append(ids, row.AttrOr("data-run", ""))
	}
	return ids
}

// Each run that ended is told once, the newest first, in the words of its truth; none is that goes on.
func TestNotificationsTellEveryEndInTheWordsOfItsTruth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := b.world
	for _, o := range []lifecycle.Outcome{lifecycle.Succeeded, lifecycle.PartiallySucceeded, lifecycle.Failed, lifecycle.Blocked, lifecycle.Cancelled} {
		modelstest.Ended(t, b.store, w.NewRun(), o)
	}
	modelstest.Ended(t, b.store, w.NewRun(impatient("fleet")), lifecycle.Succeeded) // was stuck once
	modelstest.Reconciled(t, b.store, w.NewRun(nobodys))
	modelstest.Running(t, b.store, w.NewRun(nobodys))
	modelstest.Running(t, b.store, w.NewRun(impatient("fleet")))
	modelstest.Queued(t, b.store, w.NewRun())
	b.freeze()
	truths, told := b.truths(), map[string]bool{}
	var last time.Time
	for _, row := range b.notes(b.owner(), false).EachIter() {
		id := row.AttrOr("data-run", "")
		truth := truths[id]
		_, message := truth.Notification()
		require.Equal(t, lifecycle.Completed, truth.Facts().Status)
		require.False(t, told[id])
		told[id] = true
		require.True(t, last.IsZero() || !truth.Facts().CompletedAt.After(last))
		last = truth.Facts().CompletedAt
		require.Equal(t, plain(message), plain(text(row.Find(".row-message"))))
		require.Equal(t, truth.Badge().Label, text(row.Find(".tag").First()))
		require.Equal(t, truth.ProblemClass != lifecycle.NoProblem, strings.Contains(text(row), truth.ProblemClass.Label()), "the class is told where there is one")
		require.Equal(t, truth.StaleLineage, strings.Contains(strings.ToLower(text(row)), "was stuck"))
		require.Equal(t, links.FromNotification(id, "acme", "north", truth.ProblemClass), row.Find("a").AttrOr("href", ""))
		require.Contains(t, text(row.Find("a")), "Unread: Simulation sample")
	}
	for id, truth := range truths {
		require.Equal(t, truth.Facts().Status == lifecycle.Completed, told[id], truth.State)
	}
	require.Zero(t, b.notes(b.viewer(), false).Length(), "who neither started a run nor owns its workspace is told nothing")
}

// plain is a text without the thin spaces of its numbers.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

// A notification leads to its run's page on its class and in its place, and from there back. Only what the page posts once
// it is before its reader marks it as read.
func TestNotificationLeadsToItsRunAndIsReadThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	modelstest.Ended(t, b.store, b.world.NewRun(nobodys), lifecycle.Succeeded)
	bell := func(who reader) string { return text(b.page(who, links.Workspace("acme")).Find("#bell")) }
	require.Equal(t, "2", bell(b.owner()))

	here := links.FromNotification(first.ID, "acme", "north", lifecycle.TerminalFollowUp)
	doc := b.page(b.owner(), here)
	require.Equal(t, links.Notifications(false), doc.Find(".crumbs a").Last().AttrOr("href", ""))
	require.Equal(t, "Notifications", text(doc.Find(".crumbs a").Last()))
	for _, action := range doc.Find("#decision form").EachIter() {
		require.Equal(t, "terminal_follow_up", fieldsOf(action).Get("problem_class"))
		require.Equal(t, "notifications", fieldsOf(action).Get("entry"), "what is done here leads back here")
	}
	b.as(b.owner(), http.MethodHead, here, nil)
	require.Equal(t, "2", bell(b.owner()), "to load the page reads nothing")

	seen := doc.Find("form.seen")
	require.Equal(t, seen.AttrOr("action", ""), seen.AttrOr("hx-post", "other"))
	require.Equal(t, "intersect once", seen.AttrOr("hx-trigger", ""))
	w := b.as(b.owner(), http.MethodPost, seen.AttrOr("action", ""), fieldsOf(seen))
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
	require.Equal(t, here, w.Header().Get("Location"), "the run again, with the new number")
	require.Equal(t, "1", bell(b.owner()))
	require.Equal(t, []string{first.ID}, runsOf(b.notes(b.owner(), false).Not(".unread")))
	require.NotContains(t, runsOf(b.notes(b.owner(), true)), first.ID)

	require.Zero(t, b.page(b.owner(), links.Run(links.Admin, first.ID, links.List{})).Find("form.seen").Length(), "opened from elsewhere")
	require.Zero(t, b.page(b.viewer(), here).Find("form.seen").Length(), "somebody else's link")
	active := modelstest.Running(t, b.store, b.world.NewRun())
	require.Zero(t, b.page(b.owner(), links.FromNotification(active.ID, "acme", "north", lifecycle.NoProblem)).Find("form.seen").Length())
	list := b.page(b.owner(), links.Runs(links.Admin, links.List{})+"?entry=notifications")
	require.Zero(t, list.Find(`main [href*="entry="], main [value="notifications"]`).Length(), "a list is no notification")
}

func TestNotificationsAreReadTogether(t *testing.T) {
	t.Parallel()
	b := setup(t)
	modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	modelstest.Ended(t, b.store, b.world.NewRun(nobodys), lifecycle.Succeeded)
	form := b.page(b.owner(), links.Notifications(true)).Find(`form[action="` + links.ReadNotifications() + `"]`)
	require.Equal(t, "Mark all as read", text(form))
	later := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	w := b.as(b.owner(), http.MethodPost, form.AttrOr("action", ""), fieldsOf(form))
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
	require.Equal(t, links.Notifications(false), w.Header().Get("Location"))
	require.Equal(t, []string{later.ID}, runsOf(b.notes(b.owner(), true)), "what came since the page was read stays unread")

	b.as(b.owner(), http.MethodPost, links.ReadNotifications(), url.Values{"up_to": {time.Now().Add(time.Hour).Format(time.RFC3339)}})
	doc := b.page(b.owner(), links.Notifications(true))
	require.Zero(t, doc.Find("form[action$='/read']").Length(), "there is nothing to mark")
	require.Contains(t, text(doc.Find(".empty-state")), "Nothing is unread")
	require.Empty(t, text(doc.Find("#bell")))
	require.Equal(t, links.Notifications(false), doc.Find("#bell a").AttrOr("href", ""))
	require.Equal(t, 3, b.notes(b.owner(), false).Length())
	for _, wrong := range []url.Values{nil, {"up_to": {"noon"}}} {
		require.Equal(t, http.StatusBadRequest, b.as(b.owner(), http.MethodPost, links.ReadNotifications(), wrong).Code)
	}
	require.Equal(t, http.StatusBadRequest, b.as(b.owner(), http.MethodGet, links.NotificationsPage(false, "garbage"), nil).Code)
}

// Somebody who may not see a run any more is told nothing of it, and cannot tell it from one that never was.
func TestNotificationsEndWithTheRightToTheirRuns(t *testing.T) {
	t.Parallel()
	b := setup(t)
	south := modelstest.Ended(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.TenantID = b.world.South.ID }), lifecycle.Failed)
	north := modelstest.Ended(t, b.store, b.world.NewRun(nobodys), lifecycle.Failed)
	token := b.token(b.owner())
	told := func() (onPage, byAPI []string) {
		for _, n := range decode[api.NotificationList](t, b.api(token, http.MethodGet, "/api/v1/notifications", nil), http.StatusOK).Notifications {
			byAPI = append(byAPI, n.Run)
		}
		return runsOf(b.notes(b.owner(), false)), byAPI
	}
	grant := func(m models.Membership) {
		m.UserID, m.WorkspaceID = b.world.Owner.ID, b.world.Acme.ID
		require.NoError(t, b.store.SetMembership(t.Context(), m))
	}
	require.NoError(t, b.store.SetMembership(t.Context(), models.Membership{UserID: b.world.Owner.ID, WorkspaceID: b.world.Globex.ID, Role: models.RoleViewer, AllTenants: true}))
	for _, c := range []struct {
		change func()
		want   []string
	}{
		{func() {}, []string{north.ID, south.ID}},
		{func() { grant(models.Membership{Role: models.RoleOwner, TenantIDs: []string{b.world.North.ID}}) }, []string{north.ID}},
		{func() { grant(models.Membership{Role: models.RoleOperator, AllTenants: true}) }, []string{south.ID}}, // no owner any more
		{func() {
			require.NoError(t, b.store.DB().Exec("DELETE FROM memberships WHERE user_id = ? AND workspace_id = ?", b.world.Owner.ID, b.world.Acme.ID).Error)
		}, nil},
	} {
		c.change()
		onPage, byAPI := told()
		require.Equal(t, c.want, onPage)
		require.Equal(t, c.want, byAPI)
		require.Equal(t, map[int]string{2: "2", 1: "1", 0: ""}[len(c.want)], text(b.page(b.owner(), links.Notifications(false)).Find("#bell")))
	}
	missing := b.as(b.owner(), http.MethodPost, links.ReadNotification("missing"), url.Values{})
	require.Equal(t, http.StatusNotFound, missing.Code)
	for _, who := range []reader{b.owner(), b.stranger(), b.viewer()} {
		for _, run := range []string{south.ID, north.ID} {
			w := b.as(who, http.MethodPost, links.ReadNotification(run), url.Values{})
			require.Equal(t, http.StatusNotFound, w.Code, who.user.Name)
			require.Equal(t, anonymous(missing.Body.String()), anonymous(w.Body.String()))
			problem(t, b.api(b.token(who), http.MethodPost, "/api/v1/notifications/"+run+"/read", nil), http.StatusNotFound)
		}
	}
}

// anonymous is an error's page without what tells one reader's from another's.
func anonymous(page string) string {
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		return err.Error()
	}
	return text(doc.Find("main"))
}

func TestNotificationsHaveABellOnEveryPageOfTheAdminPlane(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	for _, path := range []string{
		links.Workspace("acme"), links.Tenant("acme", "north"), links.Start("acme", "north", "sample.simulate"), links.Runs(links.Admin, links.List{}),
		links.Run(links.Admin, run.ID, links.List{}), links.Notifications(false),
	} {
		bell := b.page(b.owner(), path).Find("#bell")
		require.Equal(t, "1", text(bell), path)
		require.Equal(t, "Notifications, 1 unread", bell.Find("a").AttrOr("aria-label", ""), path)
		require.Equal(t, links.Notifications(true), bell.Find("a").AttrOr("href", ""), "a number leads to what it counts")
	}
	require.Equal(t, "page", b.page(b.owner(), links.Notifications(true)).Find("#bell a").AttrOr("aria-current", ""))
	require.Contains(t, b.page(b.owner(), links.Workspace("acme")).Find("#live").AttrOr("hx-select-oob", ""), "#bell", "it is renewed with the page")
	require.Zero(t, b.page(b.staff(), links.Home(links.System)).Find("#bell").Length())
	for _, who := range []reader{b.viewer(), b.stranger()} {
		require.Empty(t, text(b.page(who, links.Notifications(false)).Find("#bell")))
		require.Contains(t, text(b.page(who, links.Notifications(false)).Find(".empty-state")), "When a run that you started ends")
	}
}

func TestNotificationsArePagedAndCountedSoFar(t *testing.T) {
	t.Parallel()
	b := setup(t)
	modelstest.Clones(t, b.store, modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed), 119)
	seen := map[string]bool{}
	pages := 0
	for path := links.Notifications(true); path != ""; pages++ {
		doc := b.page(b.owner(), path)
		for _, id := range runsOf(doc.Find("#notifications tbody tr")) {
			require.False(t, seen[id])
			seen[id] = true
		}
		require.Equal(t, "99+", text(doc.Find("#bell")))
		require.Equal(t, "Notifications, more than 99 unread", doc.Find("#bell a").AttrOr("aria-label", ""))
		require.Equal(t, "99+", strings.ReplaceAll(text(doc.Find(".tab-count")), " ", ""))
		require.Equal(t, pages > 0, doc.Find(`.pager a[href="`+links.Notifications(true)+`"]`).Length() > 0, "the way to the first page")
		path = doc.Find(".pager a[rel=next]").AttrOr("href", "")
	}
	require.Equal(t, 3, pages)
	require.Len(t, seen, 120)
}

func TestNotificationsThroughTheAPI(t *testing.T) {
	t.Parallel()
	b := setup(t)
	failed := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	closed := modelstest.Reconciled(t, b.store, b.world.NewRun(nobodys))
	token := b.token(b.owner())
	list := func(query string) api.NotificationList {
		return decode[api.NotificationList](t, b.api(token, http.MethodGet, "/api/v1/notifications"+query, nil), http.StatusOK)
	}
	all := list("")
	require.Equal(t, 2, all.Unread)
	require.Len(t, all.Notifications, 2)
	n := all.Notifications[0]
	require.Equal(t, closed.ID, n.Run)
	require.True(t, n.StaleLineage)
	require.Equal(t, api.ProblemClass("terminal_follow_up"), n.ProblemClass)
	require.Equal(t, "Failed · was stuck: sample.simulate for sample", n.Title)
	require.Equal(t, links.FromNotification(closed.ID, "acme", "north", lifecycle.TerminalFollowUp), n.Link)
	require.Equal(t, http.StatusOK, b.as(b.owner(), http.MethodGet, n.Link, nil).Code)
	page := list("?limit=1")
	require.NotNil(t, page.NextCursor)
	require.Equal(t, failed.ID, list("?limit=1&cursor=" + *page.NextCursor).Notifications[0].Run)

	for range 2 {
		read := decode[api.Notification](t, b.api(token, http.MethodPost, "/api/v1/notifications/"+closed.ID+"/read", nil), http.StatusOK)
		require.True(t, read.Read)
		require.Equal(t, closed.ID, read.Run)
	}
	unread := list("?unread=true")
	require.Equal(t, 1, unread.Unread)
	require.Len(t, unread.Notifications, 1)
	require.Equal(t, failed.ID, unread.Notifications[0].Run)
	require.Len(t, list("?unread=false").Notifications, 2)

	before := url.QueryEscape(failed.Facts.CompletedAt.Add(-time.Microsecond).Format(time.RFC3339Nano))
	left := decode[api.UnreadCount](t, b.api(token, http.MethodPost, "/api/v1/notifications/read?up_to="+before, nil), http.StatusOK)
	require.Equal(t, 1, left.Unread)
	left = decode[api.UnreadCount](t, b.api(token, http.MethodPost, "/api/v1/notifications/read", nil), http.StatusOK)
	require.Zero(t, left.Unread)
	require.Empty(t, list("?unread=true").Notifications)

	problem(t, b.api(token, http.MethodGet, "/api/v1/notifications?unread=perhaps", nil), http.StatusBadRequest)
	problem(t, b.api(token, http.MethodGet, "/api/v1/notifications?cursor=garbage", nil), http.StatusBadRequest)
	problem(t, b.api(token, http.MethodPost, "/api/v1/notifications/read?up_to=noon", nil), http.StatusBadRequest)
	problem(t, b.api(b.token(b.staff()), http.MethodGet, "/api/v1/notifications", nil), http.StatusUnauthorized)
}
