package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// fieldsOf reads what a form would send.
func fieldsOf(form *goquery.Selection) url.Values {
	v := url.Values{}
	form.Find("input[name], textarea[name], select[name]").Each(func(_ int, s *goquery.Selection) {
		v.Set(s.AttrOr("name", ""), s.AttrOr("value", ""))
	})
	return v
}

func TestPageStartsAnOperation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := links.Start("acme", "north", "sample.simulate")
	dashboard := b.page(b.owner(), links.Tenant("acme", "north"))
	require.Equal(t, 1, dashboard.Find(`a[href="`+path+`"]`).Length(), "the tenant's page leads to the form")
	require.Zero(t, b.page(b.viewer(), links.Tenant("acme", "north")).Find(`a[href*="/start"]`).Length(), "who may not start is not asked to")

	values := fieldsOf(b.page(b.owner(), path).Find(`form[action="` + path + `"]`))
	require.NotEmpty(t, values.Get("idempotency_key"))
	values.Set("items", "3")
	values.Set("target", "box")
	first := b.as(b.owner(), http.MethodPost, path, values)
	require.Equal(t, http.StatusSeeOther, first.Code, first.Body.String())
	again := b.as(b.owner(), http.MethodPost, path, values)
	require.Equal(t, first.Header().Get("Location"), again.Header().Get("Location"), "a form that is sent twice starts one run")
	require.Len(t, b.ids(), 1)

	run := b.page(b.owner(), first.Header().Get("Location"))
	require.Contains(t, text(run.Find("h1")), "Simulation")
	require.Equal(t, lifecycle.Queued.Badge().Label, text(run.Find("#decision .tag").First()))
}

func TestPageStartFormNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := links.Start("acme", "north", "sample.simulate")
	for items, want := range map[string]string{"": "required", "many": "whole number", "5000": "1000 or less"} {
		w := b.as(b.owner(), http.MethodPost, path, url.Values{"items": {items}, "target": {"box"}})
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		doc, err := goquery.NewDocumentFromReader(w.Body)
		require.NoError(t, err)
		require.Contains(t, text(doc.Find("#f-items-error")), want)
		require.Equal(t, "true", doc.Find("#f-items").AttrOr("aria-invalid", ""))
		require.Equal(t, "box", doc.Find("#f-target").AttrOr("value", ""), "what was typed stays")
	}
	require.Empty(t, b.ids())
	require.Equal(t, http.StatusNotFound, b.as(b.owner(), http.MethodGet, links.Start("acme", "north", "no.such"), nil).Code)

	modelstest.Queued(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Type, n.Target, n.Exclusive = "sample.audit", "", true }))
	w := b.as(b.owner(), http.MethodPost, links.Start("acme", "north", "sample.audit"), url.Values{})
	require.Equal(t, http.StatusConflict, w.Code)
	doc, err := goquery.NewDocumentFromReader(w.Body)
	require.NoError(t, err)
	require.Equal(t, 1, doc.Find(`a[href*="`+b.ids()[0]+`"]`).Length(), "the way to the run that is active")
}

func TestPageActionsOnARun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Running(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Input = json.RawMessage(`{"items":2}`) }))
	path := links.Run(links.Admin, run.ID, links.List{})
	form := func(action string) *goquery.Selection {
		return b.page(b.owner(), path).Find(`#decision form[action="` + links.RunAction(links.Admin, run.ID, action) + `"]`)
	}
	send := func(action string, change func(url.Values)) string {
		f := form(action)
		require.Equal(t, 1, f.Length(), action)
		values := fieldsOf(f)
		change(values)
		w := b.as(b.owner(), http.MethodPost, f.AttrOr("action", ""), values)
		require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
		return w.Header().Get("Location")
	}
	as := func(url.Values) {}

	require.Zero(t, b.page(b.viewer(), path).Find("#decision form").Length(), "a viewer reads")
	require.Equal(t, path, send("cancel", as))
	require.Contains(t, text(b.page(b.owner(), path).Find("#decision .tags")), "Cancelling")
	require.Zero(t, form("cancel").Length(), "once is enough")

	modelstest.Finish(t, b.store, run, lifecycle.Failed)
	send("acknowledge", func(v url.Values) { v.Set("note", "disk was full") })
	require.Contains(t, text(b.page(b.owner(), path).Find("#timeline")), "disk was full")
	send("reopen", as)
	f := form("retry")
	require.Equal(t, 1, f.Length())
	values := fieldsOf(f)
	var to []string
	for range 2 {
		to = append(to, b.as(b.owner(), http.MethodPost, f.AttrOr("action", ""), values).Header().Get("Location"))
	}
	require.Equal(t, to[0], to[1], "a second click starts no second run")
	require.NotEqual(t, path, to[0])
	require.Equal(t, 1, b.page(b.owner(), path).Find(`#decision a[href^="`+to[0]+`"]`).Length(), "the next step is its retry")
}

func TestPageOfARunShowsWhatItDid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	require.NoError(t, b.store.SavePlan(t.Context(), run.ID, 60, ""))
	var items []models.Item
	for i := range 59 {
		items = append(items, models.Item{Key: "item-" + strconv.Itoa(i), State: models.ItemSucceeded})
	}
	items = append(items, models.Item{Key: "bad", State: models.ItemFailed, Message: "server error"})
	require.NoError(t, b.store.RecordItems(t.Context(), run.ID, items))
	require.NoError(t, b.store.SaveArtifact(t.Context(), run.ID, "report.html", "text/html", []byte("<script>alert(1)</script>")))
	modelstest.Finish(t, b.store, run, lifecycle.PartiallySucceeded)
	from := links.List{Workspace: "acme", Class: lifecycle.TerminalFollowUp}
	path := links.Run(links.Admin, run.ID, from)

	doc := b.page(b.owner(), path)
	require.Equal(t, []string{"bad"}, doc.Find("#items tbody tr").Map(func(_ int, s *goquery.Selection) string {
		return text(s.Find(".cell-main"))
	}), "what failed comes first")
	require.Equal(t, 1, doc.Find(`nav.crumbs a[href="`+links.Runs(links.Admin, from)+`"]`).Length(), "the way back keeps the class")
	decision, artifacts := doc.Find("#decision"), doc.Find(".artifacts")
	require.Equal(t, 1, artifacts.Length())
	require.Less(t, doc.Find("*").IndexOfSelection(decision), doc.Find("*").IndexOfSelection(artifacts), "the decision stands first")

	all := b.page(b.owner(), links.Items(links.Admin, run.ID, from, "all", ""))
	require.Equal(t, 50, all.Find("#items tbody tr").Length())
	next := all.Find("#items a[rel=next]").AttrOr("href", "")
	require.Equal(t, 10, b.page(b.owner(), next).Find("#items tbody tr").Length())

	download := b.as(b.owner(), http.MethodGet, links.Artifact(links.Admin, run.ID, "report.html"), nil)
	require.Equal(t, http.StatusOK, download.Code)
	require.Contains(t, download.Header().Get("Content-Disposition"), "attachment")
	require.Contains(t, download.Header().Get("Content-Security-Policy"), "sandbox")

	staff := b.page(b.staff(), links.Run(links.System, run.ID, links.List{}))
	require.Equal(t, 1, staff.Find(`a[href="http://temporal.test/namespaces/ops/workflows/opstruth-run-`+run.ID+`/first-`+run.ID+`/history"]`).Length(), "the very execution")
	require.Zero(t, b.page(b.owner(), path).Find(`a[href^="http://temporal.test"]`).Length(), "Temporal UI is for platform staff")
	require.Zero(t, staff.Find(".artifacts").Length(), "a tenant's results stay with the tenant")
}

func TestPageOfTheListKeepsItsFilter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 55 {
		modelstest.Queued(t, b.store, b.world.NewRun())
	}
	modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Succeeded)
	list := links.List{Workspace: "acme", Tenant: "north", Status: lifecycle.Queued}
	first := b.page(b.owner(), links.Runs(links.Admin, list))
	require.Equal(t, 50, first.Find("#runs tbody tr").Length())
	next := first.Find("a[rel=next]").AttrOr("href", "")
	u, err := url.Parse(next)
	require.NoError(t, err)
	got, err := links.Parse(u.Query())
	require.NoError(t, err)
	require.Equal(t, list, got)
	require.Len(t, b.listed(b.owner(), next), 5)

	for _, bad := range []string{"?status=done", "?cursor=garbage", "?from=yesterday"} {
		require.Equal(t, http.StatusBadRequest, b.as(b.owner(), http.MethodGet, "/admin/operations"+bad, nil).Code, bad)
	}
	w := b.as(b.owner(), http.MethodGet, "/admin/operations?workspace=acme&tenant=west", nil)
	require.Equal(t, links.Runs(links.Admin, links.List{Workspace: "acme"}), w.Header().Get("Location"), "another workspace's tenant is let go")
	require.Len(t, b.listed(b.owner(), "/admin/operations?tenant=north"), 50)
}
