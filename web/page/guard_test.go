package page_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/assets"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

// allPages are every page, each once for every reader that tells it apart.
func allPages(t *testing.T) map[string]templ.Component {
	t.Helper()
	run := func(role models.Role, name string) templ.Component {
		d := page.RunData{Frame: as(t, role), Run: caseOf(t, name), TemporalUI: "http://ui"}
		for i, k := range []lifecycle.Kind{lifecycle.Enqueued, lifecycle.Dispatched, lifecycle.CloseDropped, lifecycle.Recovered, lifecycle.Superseded, lifecycle.Reopened, "unknown"} {
			d.Events = append(d.Events, models.Event{ID: int64(i), At: now, Kind: k})
		}
		return ui.RunPage(page.Run(d))
	}
	tenant := placeOf(t, models.RoleOwner)
	tenant.Tenant = contoso
	overview := placeOf(t, models.RoleViewer)
	overview.Tenants = []page.TenantCount{{Tenant: contoso, Summary: overview.Summary}}
	return map[string]templ.Component{
		"overview": ui.Overview(page.Overview(overview)), "tenant": ui.Overview(page.Tenant(tenant)),
		"operations": ui.RunList(page.Runs(listOf(t, models.RoleOwner, links.List{}))), "runs": ui.RunList(page.Runs(listOf(t, "", links.List{}))),
		"stuck": run(models.RoleOwner, "stuck: no_workers"), "failed": run(models.RoleOwner, "failed"), "noted": run(models.RoleOwner, "everything at once"),
		"viewed": run(models.RoleViewer, "failed"), "system run": run("", "reconciled"),
		"start": ui.StartPage(page.Start(startOf(t, "inventory.sync"))), "health": ui.HealthPage(page.Health(healthOf(t))),
		"stuck groups": ui.StuckPage(page.Stuck(stuckOf(t))), "failures": ui.FailuresPage(page.Failures(failuresOf(t))),
		"sign-in": ui.SignIn(page.SignIn(page.SignInData{Plane: links.Admin})),
	}
}

// One page has one h1, ids that occur once, no empty group of actions and no action that leads nowhere;
// what is shown by an icon is in the sprite.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	assets.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", assets.Path("icons.svg"), nil))
	sprite := w.Body.String()
	for name, c := range allPages(t) {
		doc := html(t, c)
		require.Equal(t, 1, doc.Find("h1").Length(), name)
		ids := map[string]bool{}
		doc.Find("body [id]").Each(func(_ int, s *goquery.Selection) {
			id := s.AttrOr("id", "")
			require.False(t, ids[id], "%s: id %q twice", name, id)
			ids[id] = true
		})
		doc.Find(".actions").Each(func(_ int, s *goquery.Selection) { require.NotEmpty(t, s.Children().Nodes, name) })
		doc.Find("a").Each(func(_ int, s *goquery.Selection) { require.NotEmpty(t, s.AttrOr("href", ""), "%s: %s", name, text(s)) })
		doc.Find("form").Each(func(_ int, s *goquery.Selection) { require.NotEmpty(t, s.AttrOr("action", ""), name) })
		doc.Find("use").Each(func(_ int, s *goquery.Selection) {
			_, icon, _ := strings.Cut(s.AttrOr("href", ""), "#")
			require.Contains(t, sprite, `<symbol id="`+icon+`"`, name)
		})
		require.Zero(t, doc.Find("[style], style, script:not([src])").Length(), name)
	}
}
