package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// Somebody takes a stuck run on from its page, comes back to it with the list that it was opened from, and lets go.
func TestAStuckRunIsTakenOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	oscar := b.operator()
	past := modelstest.At(b.store, time.Now().Add(-time.Hour))
	run := modelstest.Running(t, past, b.world.NewRun())
	from := links.List{Workspace: "acme", Class: lifecycle.ActiveStaleAttention}
	here := links.Run(links.Admin, run.ID, from)
	press := func(who reader, label string) {
		t.Helper()
		zone := b.page(who, here).Find("#decision")
		for _, form := range zone.Find("form").EachIter() {
			if strings.TrimSpace(form.Find("button").Text()) != label {
				continue
			}
			fields := url.Values{}
			for _, in := range form.Find("input").EachIter() {
				fields.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
			}
			w := b.as(who, http.MethodPost, form.AttrOr("action", ""), fields)
			require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
			require.Equal(t, here, w.Header().Get("Location"), "back to the run, and from there to the list")
			return
		}
		require.Fail(t, "no such button", "%s in %s", label, zone.Text())
	}
	by := func() string {
		t.Helper()
		r, _, err := b.store.Run(t.Context(), models.Engine(), run.ID)
		require.NoError(t, err)
		return r.Facts.Claim.By
	}
	press(oscar, "I am on it")
	require.Equal(t, "Oscar", by())
	require.Contains(t, b.page(b.viewer(), here).Find("#decision .tag").Text(), "On it: Oscar")
	press(b.owner(), "Take over")
	require.Equal(t, "Olga", by())
	namesake := b.person("Olga", links.Admin, func(id string) {
		require.NoError(t, b.store.SetMembership(t.Context(), models.Membership{
			UserID: id, WorkspaceID: b.world.Acme.ID, Role: models.RoleOperator, AllTenants: true,
		}))
	})
	press(namesake, "Take over")
	press(b.owner(), "Take over")
	press(b.owner(), "Release")
	require.Empty(t, by())

	healthy := modelstest.Running(t, b.store, b.world.NewRun())
	w := b.as(oscar, http.MethodPost, links.RunAction(links.Admin, healthy.ID, "claim"), url.Values{})
	require.Equal(t, http.StatusConflict, w.Code, "nothing is wrong with it")
}

// A retry's page and the run it retries lead to each other; the run that was retried offers no second retry.
func TestARetryIsFoundFromBothSides(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := modelstest.Ended(t, b.store, b.world.NewRun(), lifecycle.Failed)
	second := modelstest.Ended(t, b.store, b.world.NewRun(func(n *models.NewRun) { n.RetryOf = first.ID }), lifecycle.Failed)
	there := links.Run(links.Admin, second.ID, links.List{})

	zone := b.page(b.owner(), links.Run(links.Admin, first.ID, links.List{})).Find("#decision")
	require.Equal(t, there, zone.Find("a.btn-primary").AttrOr("href", ""))
	require.Zero(t, zone.Find(`form[action$="/retry"]`).Length())
	doc := b.page(b.owner(), there)
	require.Equal(t, 1, doc.Find(`#decision form[action$="/retry"]`).Length(), "the newest one can be retried")
	require.Equal(t, links.Run(links.Admin, first.ID, links.List{}), doc.Find(".lineage a").AttrOr("href", ""))
}

// Each reason's count is the length of the list that it links to.
func TestReasonsLinkToTheirItems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	var items []models.Item
	for i := range 70 {
		message := "user 17: 404 Not Found"
		if i%7 == 0 {
			message = ""
		}
		items = append(items, models.Item{Key: string(rune('a'+i/26)) + string(rune('a'+i%26)), State: models.ItemFailed, Message: message})
	}
	require.NoError(t, b.store.RecordItems(t.Context(), run.ID, items))
	modelstest.Finish(t, b.store, run, lifecycle.Failed)
	lines := b.page(b.owner(), links.Run(links.Admin, run.ID, links.List{})).Find(".reasons > li")
	require.Equal(t, 2, lines.Length())
	for i, want := range []int{60, 10} {
		href, listed := lines.Eq(i).Find("a").AttrOr("href", ""), 0
		for href != "" {
			path, _, _ := strings.Cut(href, "#") // browsers keep it to themselves
			page := b.page(b.owner(), path)
			listed += page.Find("#items tbody tr").Length()
			href = page.Find(`#items .pager a[rel="next"]`).AttrOr("href", "")
		}
		require.Equal(t, want, listed)
	}
}
