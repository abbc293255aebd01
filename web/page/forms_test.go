package page_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/web/fault"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

func startOf(t *testing.T, operation string) page.StartData {
	t.Helper()
	return page.StartData{
		Frame: as(t, models.RoleOperator), Tenant: contoso, Type: operation, Key: "k1",
		Connections: []models.Connection{{ID: "c1", Name: "Graph", BaseURL: "https://graph.example"}},
	}
}

func TestTheStartFormAsksWhatTheTypeNeeds(t *testing.T) {
	t.Parallel()
	doc := html(t, ui.StartPage(page.Start(startOf(t, "inventory.sync"))))
	form := doc.Find("form.form")
	require.Equal(t, links.Start("northwind", "contoso", "inventory.sync"), form.AttrOr("action", ""))
	require.Equal(t, "k1", form.Find(`[name="`+page.KeyField+`"]`).AttrOr("value", ""))
	require.Equal(t, "c1", form.Find(`[name="connection"] [selected]`).AttrOr("value", ""), "the only connection is chosen")
	require.Equal(t, "number", form.Find(`[name="size"]`).AttrOr("type", ""))
	require.Equal(t, "100", form.Find(`[name="size"]`).AttrOr("value", ""))
	require.Equal(t, 2, form.Find(`fieldset [type="checkbox"][name="collections"]`).Length())
	require.Zero(t, form.Find(".has-error, [role=alert]").Length())
	require.Equal(t, "Inventory sync", text(doc.Find(".types [aria-current] strong")))
	require.False(t, polls(doc), "a form that is being filled in does not change")

	doc = html(t, ui.StartPage(page.Start(startOf(t, ""))))
	require.Zero(t, doc.Find("form.form").Length())
	require.Equal(t, 2, doc.Find(".types a").Length())
	require.Equal(t, "Choose an operation type", text(doc.Find(".empty-title")))
}

func TestARefusedFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	d := startOf(t, "inventory.sync")
	d.Values = url.Values{"size": {"many"}, "collections": {"devices"}, "all": {"true"}}
	d.Err = operation.FieldErrors{"size": "must be a whole number", "connection": "is required"}
	doc := html(t, ui.StartPage(page.Start(d)))
	require.Equal(t, "many", doc.Find(`[name="size"]`).AttrOr("value", ""))
	require.Equal(t, "true", doc.Find(`[name="size"]`).AttrOr("aria-invalid", ""))
	require.Equal(t, []string{"This is required.", "This must be a whole number."}, texts(doc.Find(".field-error")))
	require.Equal(t, 2, doc.Find(`[role="alert"] li a`).Length())
	require.Equal(t, "devices", doc.Find(`[name="collections"][checked]`).AttrOr("value", ""))
	require.Equal(t, 1, doc.Find(`[name="all"][checked]`).Length())

	d.Err = operation.FieldErrors{"": "nothing is chosen"}
	require.Equal(t, "Nothing is chosen.", page.Start(d).Start.Form.Error)
	d.Err = operation.FieldErrors{"secret": "is not a field"}
	require.Equal(t, "Secret is not a field.", page.Start(d).Start.Form.Error)
	d.Err = models.ErrIdempotencyConflict
	require.NotEmpty(t, page.Start(d).Start.Form.Error)
}

func TestARunThatIsActiveAlreadyIsLinked(t *testing.T) {
	t.Parallel()
	d := startOf(t, "inventory.sync")
	d.Values, d.Err = url.Values{}, models.ErrAlreadyActive{RunID: "r9"}
	doc := html(t, ui.StartPage(page.Start(d)))
	require.Contains(t, href(t, doc.Find("main > .note a")), "/admin/operations/r9?")
	require.Zero(t, doc.Find("form .note").Length())
	require.Empty(t, d.Notices, "the caller's own list is left alone")
}

func TestWithoutAConnectionTheFormSaysWhatToDo(t *testing.T) {
	t.Parallel()
	d := startOf(t, "inventory.sync")
	d.Connections = nil
	require.Contains(t, page.Start(d).Start.Form.Fields[0].Hint, "opstruth connection set")
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	for plane, other := range map[links.Plane]links.Plane{links.Admin: links.System, links.System: links.Admin} {
		doc := html(t, ui.SignIn(page.SignIn(page.SignInData{Plane: plane, Next: "/admin/operations", Email: "a@b", Err: auth.ErrWrongCredentials})))
		require.Equal(t, links.SignIn(plane, "/admin/operations"), doc.Find("form").AttrOr("action", ""))
		require.Equal(t, "a@b", doc.Find(`[name="email"]`).AttrOr("value", ""))
		require.Empty(t, doc.Find(`[type="password"]`).AttrOr("value", ""))
		require.Equal(t, "The e-mail address or the password is wrong.", text(doc.Find(`[role="alert"]`)))
		require.Equal(t, links.SignIn(other, ""), href(t, doc.Find(".bare-other a")))
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	missing := page.Error(links.Admin, fault.Of(models.ErrNotFound), "r1")
	require.Equal(t, http.StatusNotFound, missing.Code)
	require.Empty(t, missing.RequestID, "what is missing and what is out of reach look the same, byte by byte")
	require.Equal(t, "r1", page.Error(links.Admin, fault.Of(errors.New("boom")), "r1").RequestID)
	require.NotContains(t, page.Error(links.Admin, fault.Of(errors.New("boom")), "r1").Text, "boom")
	require.Equal(t, links.SignIn(links.System, ""), page.Error(links.System, fault.Of(auth.ErrAnonymous), "").Back.Href)
	spent := page.Error(links.Admin, fault.Of(auth.ErrLinkSpent), "")
	require.Regexp(t, `^This sign-in link .*\.$`, spent.Text, "what people read is a sentence")
}

func healthOf(t *testing.T) page.HealthData {
	t.Helper()
	return page.HealthData{
		Frame: as(t, ""), Active: map[string]int{"inventory": 12, "retired": 1}, Summary: models.Summary{Now: now, Active: 13},
		Workers: []models.WorkerRow{
			{ID: "a", Host: "host-1", PID: 7, Queues: []string{"sample"}, LastSeen: now.Add(-time.Second)},
			{ID: "b", Host: "host-2", PID: 8, Queues: []string{"inventory"}, LastSeen: now.Add(-70 * time.Second)},
		},
	}
}

func TestHealthTellsWhoWorks(t *testing.T) {
	t.Parallel()
	doc := html(t, ui.HealthPage(page.Health(healthOf(t))))
	require.Equal(t, []string{
		"inventory Nobody serves it 0 12 70 s ago", "retired Nobody serves it 0 1 never", "sample Served 1 0 1 s ago",
	}, texts(doc.Find("#queues tbody tr")))
	require.Equal(t, 2, doc.Find("#queues .tone-bad").Length(), "runs wait where nobody serves")
	require.Equal(t, []string{"host-1 process 7 Live sample 1 s ago", "host-2 process 8 Silent inventory 70 s ago"}, texts(doc.Find("#workers tbody tr")))
	require.Equal(t, []string{"Good", "Good", "Good", "Good", "Good"}, texts(doc.Find(".checks .tag")))
	require.Zero(t, doc.Find(".truth-warn").Length())
}

func TestHealthTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	check := func(change func(*models.ReconcilerState)) []string {
		d := healthOf(t)
		change(&d.State)
		doc := html(t, ui.HealthPage(page.Health(d)))
		require.Equal(t, 1, doc.Find(".truth-warn").Length(), "every page warns of it")
		return texts(doc.Find(".checks .tag"))
	}
	require.Equal(t, []string{"Look at this", "Good", "Good", "Good", "Good"}, check(func(s *models.ReconcilerState) { s.SchedulePaused = true }))
	require.Equal(t, []string{"Not working", "Not working", "Good", "Good", "Good"}, check(func(s *models.ReconcilerState) { *s = models.ReconcilerState{Every: s.Every} }))
	require.Equal(t, []string{"Good", "Not working", "Good", "Good", "Good"}, check(func(s *models.ReconcilerState) { s.TemporalAt = now.Add(-time.Minute) }))
	require.Equal(t, []string{"Good", "Good", "Good", "Good", "Look at this"}, check(func(s *models.ReconcilerState) {
		s.Breakers = map[string]lifecycle.Breaker{"": {}, "inventory": {Open: true, Since: now}}
	}))
}
