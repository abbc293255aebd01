package page_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/page/pagetest"
	"github.com/opstruth/opstruth/web/ui"
)

// samples are the runs whose truth is as asked for.
func samples(keep func(lifecycle.Truth) bool) models.RunPage {
	p := models.RunPage{Now: now}
	for _, c := range pagetest.Cases() {
		if keep(c.Run.Truth(now)) {
			p.Runs = append(p.Runs, c.Run)
		}
	}
	return p
}

func isStuck(t lifecycle.Truth) bool { return t.ProblemClass == lifecycle.ActiveStaleAttention }
func isOpen(t lifecycle.Truth) bool  { return t.Open }
func every(lifecycle.Truth) bool     { return true }

func first(p models.RunPage, n int) models.RunPage {
	p.Runs = p.Runs[:min(n, len(p.Runs))]
	return p
}

func placeOf(t *testing.T, role models.Role) page.PlaceData {
	t.Helper()
	stuck, open := samples(isStuck), samples(isOpen)
	return page.PlaceData{
		Frame: as(t, role), Stuck: first(stuck, 5), FollowUp: first(open, 5), Recent: first(samples(every), 10),
		Summary: models.Summary{
			Now: now, Active: 21, Queued: 2, Running: 19, LikelyStuck: int64(len(stuck.Runs)), FollowUpRecent: int64(len(open.Runs)),
			FollowUpOlder: 12, Succeeded24h: 1342,
		},
	}
}

// Every number leads to the list that models counted for it: the same bucket, scope and clock reading.
func TestNumbersLinkToWhatTheyCount(t *testing.T) {
	t.Parallel()
	d := placeOf(t, models.RoleOwner)
	d.Tenants = []page.TenantCount{{Tenant: contoso, Summary: d.Summary}}
	doc := html(t, ui.Overview(page.Overview(d)))
	check := func(a *goquery.Selection, b models.Bucket, tenant string) {
		t.Helper()
		u, err := url.Parse(href(t, a))
		require.NoError(t, err)
		require.Equal(t, "/admin/operations", u.Path)
		l, err := links.Parse(u.Query())
		require.NoError(t, err)
		require.Equal(t, find.List(b.Filter(models.Filter{}, now), "northwind", tenant), l, string(b))
	}
	kpis := doc.Find(".kpi")
	require.Equal(t, []string{
		"Likely stuck now 14 of 21 active", "Ended, needs follow-up 7 12 more, older than 7 days", "Active now 21 2 of them queued", "Succeeded in 24 h 1 342",
	}, texts(kpis))
	check(kpis.Eq(0).Find(".kpi-link"), models.BucketLikelyStuck, "")
	check(kpis.Eq(1).Find(".kpi-link"), models.BucketFollowUpRecent, "")
	check(kpis.Eq(1).Find(".kpi-note"), models.BucketFollowUpOlder, "")
	check(kpis.Eq(2).Find(".kpi-link"), models.BucketActive, "")
	check(kpis.Eq(2).Find(".kpi-note"), models.BucketQueued, "")
	check(kpis.Eq(3).Find(".kpi-link"), models.BucketSucceeded24h, "")
	check(doc.Find("#stuck .bucket-links a"), models.BucketLikelyStuck, "")
	check(doc.Find("#follow-up .bucket-links a").First(), models.BucketFollowUpRecent, "")
	check(doc.Find("#follow-up .bucket-links a").Last(), models.BucketFollowUpOlder, "")
	counts := doc.Find("#tenants .cell-link")
	check(counts.Eq(0), models.BucketActive, "contoso")
	check(counts.Eq(1), models.BucketLikelyStuck, "contoso")
	check(counts.Eq(2), models.BucketFollowUpRecent, "contoso")
	require.Equal(t, "/admin/workspaces/northwind/tenants/contoso", href(t, doc.Find("#tenants .row-link")))
}

// The two classes stand apart, and no run stands in both.
func TestAttentionKeepsTheClassesApart(t *testing.T) {
	t.Parallel()
	doc := html(t, ui.Overview(page.Overview(placeOf(t, models.RoleOwner))))
	ids := map[string]bool{}
	for bucket, label := range map[string]string{"#stuck": "Likely stuck now", "#follow-up": "Ended, needs follow-up"} {
		require.Equal(t, label, text(doc.Find(bucket+" h3")))
		rows := doc.Find(bucket + " tbody tr")
		require.Equal(t, 5, rows.Length())
		rows.Each(func(_ int, r *goquery.Selection) {
			id := r.AttrOr("data-run", "")
			require.False(t, ids[id])
			ids[id] = true
		})
	}
	from, err := url.Parse(href(t, doc.Find("#stuck .row-link").First()))
	require.NoError(t, err)
	require.Equal(t, "active_stale_attention", from.Query().Get("problem_class"), "a row of a bucket keeps the class")
}

func TestACalmPlaceSaysSo(t *testing.T) {
	t.Parallel()
	d := placeOf(t, models.RoleViewer)
	d.Tenant, d.Stuck, d.FollowUp, d.Recent = contoso, models.RunPage{}, models.RunPage{}, models.RunPage{}
	d.Summary = models.Summary{Now: now, FollowUpOlder: 2}
	doc := html(t, ui.Overview(page.Tenant(d)))
	require.Contains(t, text(doc.Find(".attention-none")), "Nothing is likely stuck")
	require.Equal(t, "2 older than 7 days", text(doc.Find(".attention-none a")))
	require.False(t, polls(doc), "nothing is active")
	require.Contains(t, text(doc.Find(".empty-state")), "An operator or owner")
	require.Zero(t, doc.Find(".starts, #tenants").Length(), "a viewer starts nothing")

	d.Frame = as(t, models.RoleOperator)
	doc = html(t, ui.Overview(page.Tenant(d)))
	require.Equal(t, []string{"Inventory sync", "Simulated operation"}, texts(doc.Find(".starts strong")))
	require.Equal(t, links.Start("northwind", "contoso", "inventory.sync"), href(t, doc.Find(".starts a").First()))
}

func TestAsksOnlyWhileSomethingIsActive(t *testing.T) {
	t.Parallel()
	require.True(t, page.Asks(1))
	require.False(t, page.Asks(0))
	for _, c := range pagetest.Cases() {
		require.Equal(t, c.Run.Facts.Status.Active(), page.Asks(0, c.Run), c.Name)
	}
}

// A page renews itself at its own address, without the clock reading that a count carried to it.
func TestAPageRenewsItself(t *testing.T) {
	t.Parallel()
	doc := html(t, ui.Overview(page.Overview(placeOf(t, models.RoleOwner))))
	require.True(t, polls(doc))
	require.Equal(t, "/here?q=x", doc.Find("#live").AttrOr("hx-get", ""))
}

func listOf(t *testing.T, role models.Role, l links.List) page.RunsData {
	t.Helper()
	d := page.RunsData{Listing: page.Listing{Frame: as(t, role), List: l}, Page: samples(every), Summary: placeOf(t, models.RoleOwner).Summary}
	d.Workspaces = []models.Workspace{northwind, {ID: "w2", Slug: "adatum", Name: "Adatum"}}
	d.Tenants = []models.Tenant{contoso, {Slug: "fabrikam", Name: "Fabrikam"}}
	return d
}

// Every row tells its run as its page does, and has one link.
func TestRowsTellTheTruth(t *testing.T) {
	t.Parallel()
	for _, role := range []models.Role{models.RoleViewer, ""} {
		d := listOf(t, role, links.List{})
		doc := html(t, ui.RunList(page.Runs(d)))
		rows := doc.Find("#runs tbody tr")
		require.Equal(t, len(d.Page.Runs), rows.Length())
		for i, r := range d.Page.Runs {
			truth, row := r.Truth(now), rows.Eq(i)
			require.Equal(t, plain(truth.Headline()), text(row.Find(".row-headline")))
			require.Equal(t, truth.ClassNote(), text(row.Find(".row-class")))
			require.Equal(t, truth.Freshness.Badge().Label, row.Find(".row-state").AttrOr("title", ""))
			badges := []string{truth.Badge().Label}
			for _, m := range truth.Marks() {
				badges = append(badges, m.Label)
			}
			require.Equal(t, badges, texts(row.Find(".tag")))
			require.True(t, row.Find(".cell-lineage").HasClass("tone-"+string(truth.LineageTone())))
			require.Equal(t, 1, row.Find("a").Length())
			require.Equal(t, links.Run(d.Who.Plane, r.ID, d.List), href(t, row.Find("a")))
		}
		other := "/system"
		if role == "" {
			other = "/admin"
		}
		doc.Find("a[href], form[action]").Each(func(_ int, s *goquery.Selection) {
			require.False(t, strings.HasPrefix(s.AttrOr("href", s.AttrOr("action", "")), other), "a link leaves the plane")
		})
	}
}

func TestTabsAndFiltersKeepEachOther(t *testing.T) {
	t.Parallel()
	yes := true
	l := links.List{Workspace: "northwind", Class: lifecycle.TerminalFollowUp, Open: &yes, EndedFrom: now.Add(-models.Recent), Text: "graph", Lineage: &yes, AsOf: now}
	d := listOf(t, models.RoleViewer, l)
	d.Page.Next, d.Page.Prev = "c2", "c1"
	doc := html(t, ui.RunList(page.Runs(d)))
	require.Equal(t, []string{"All", "Active now 21", "Likely stuck now 14", "Ended, needs follow-up 7", "Older follow-ups 12"}, texts(doc.Find(".tabs a")))
	require.Equal(t, "Ended, needs follow-up 7", text(doc.Find(".tabs [aria-current]")))
	doc.Find(".tabs a").Each(func(_ int, s *goquery.Selection) {
		require.Contains(t, href(t, s), "q=graph")
		require.Contains(t, href(t, s), "workspace=northwind")
	})
	hidden := map[string]string{}
	doc.Find(`.filter-form input[type="hidden"]`).Each(func(_ int, s *goquery.Selection) { hidden[s.AttrOr("name", "")] = s.AttrOr("value", "") })
	require.Empty(t, hidden, "the form asks for everything")
	for name, value := range map[string]string{"problem_class": "terminal_follow_up", "open": "true"} {
		require.Equal(t, value, doc.Find(`.filter-form [name="`+name+`"] [selected]`).AttrOr("value", ""))
	}
	require.Equal(t, now.Add(-models.Recent).Format("2006-01-02T15:04:05"), doc.Find(`[name="ended_from"]`).AttrOr("value", ""))
	require.Equal(t, "Ended, needs follow-up", text(doc.Find("h1")), "a number's list has the number's name")
	require.Equal(t, "graph", doc.Find(`[name="q"]`).AttrOr("value", ""))
	require.Equal(t, "true", doc.Find(`[name="stale_lineage"] [selected]`).AttrOr("value", ""))
	chips := texts(doc.Find(".chip"))
	require.Equal(t, []string{
		"Remove filter Workspace: Northwind Managed Services", "Remove filter Class: Ended, needs follow-up", "Remove filter Was or is stuck",
		"Remove filter Text: graph", "Remove filter Ended: since 5 Mar 2026, 14:03 UTC",
	}, chips)
	without, err := url.Parse(href(t, doc.Find(".chip").Eq(1)))
	require.NoError(t, err)
	require.Equal(t, url.Values{"workspace": {"northwind"}, "q": {"graph"}, "stale_lineage": {"true"}}, without.Query())
	pager := doc.Find(".pager a")
	require.Equal(t, links.Runs(links.Admin, l), href(t, pager.First()))
	require.Equal(t, links.RunsBefore(links.Admin, l, "c1"), href(t, pager.Eq(1)))
	require.Equal(t, links.RunsPage(links.Admin, l, "c2"), href(t, pager.Last()))
}

// Narrow windows fold the fields of the filter away, unless one is in force that no tab tells.
func TestTheFilterIsUnfoldedWhereItIsInForce(t *testing.T) {
	t.Parallel()
	yes := true
	for _, c := range []struct {
		list links.List
		open int
	}{
		{links.List{}, 0}, {links.List{Class: lifecycle.ActiveStaleAttention}, 0}, {links.List{Active: &yes}, 0},
		{links.List{Type: "inventory.sync"}, 1}, {links.List{Class: lifecycle.TerminalFollowUp, Outcome: lifecycle.Failed}, 1},
	} {
		doc := html(t, ui.RunList(page.Runs(listOf(t, models.RoleViewer, c.list))))
		require.Equal(t, c.open, doc.Find(".filter-fold[open]").Length(), "%+v", c.list)
		require.NotZero(t, doc.Find(".filter-fold select").Length())
	}
	require.Zero(t, html(t, ui.StuckPage(page.Stuck(stuckOf(t)))).Find(".filter-fold[open]").Length())
	narrowed := stuckOf(t)
	narrowed.List.Queue = "inventory"
	require.Equal(t, 1, html(t, ui.StuckPage(page.Stuck(narrowed))).Find(".filter-fold[open]").Length())
}

func TestEmptyListsSayWhatToDo(t *testing.T) {
	t.Parallel()
	yes := true
	for _, c := range []struct {
		list  links.List
		title string
	}{
		{links.List{}, "No operation has run yet"},
		{links.List{Class: lifecycle.ActiveStaleAttention}, "Nothing is likely stuck"},
		{links.List{Class: lifecycle.TerminalFollowUp, Open: &yes, EndedFrom: now.Add(-models.Recent)}, "Nothing needs follow-up"},
		{links.List{Class: lifecycle.TerminalFollowUp, Text: "x"}, "No run matches these filters"},
		{links.List{Text: "x"}, "No run matches these filters"},
	} {
		d := listOf(t, models.RoleViewer, c.list)
		d.Page, d.Summary = models.RunPage{Now: now}, models.Summary{Now: now}
		doc := html(t, ui.RunList(page.Runs(d)))
		require.Equal(t, c.title, text(doc.Find(".empty-title")))
		require.NotEmpty(t, text(doc.Find(".empty-state .soft")))
		require.Zero(t, doc.Find("#runs, .pager").Length())
		require.False(t, polls(doc))
	}
}

func TestForeignNamesStayText(t *testing.T) {
	t.Parallel()
	d := listOf(t, models.RoleViewer, links.List{})
	d.Page.Runs = d.Page.Runs[:1]
	d.Page.Runs[0].TenantName, d.Page.Runs[0].Facts.Target = "שלום <b>", `<script>alert(1)</script>`
	doc := html(t, ui.RunList(page.Runs(d)))
	require.Equal(t, `<script>alert(1)</script>`, text(doc.Find("#runs bdi.row-target")))
	require.Zero(t, doc.Find("#runs script, #runs b").Length())

	place := placeOf(t, models.RoleOwner)
	long := strings.Repeat("long", 60) + " שלום <b>😀</b>"
	place.Workspace.Name, place.Tenants = long, []page.TenantCount{{Tenant: models.Tenant{Slug: "x", Name: long}}}
	doc = html(t, ui.Overview(page.Overview(place)))
	require.Equal(t, long, text(doc.Find("#tenants bdi")))
	require.Equal(t, long, text(doc.Find("h1 bdi")))
	require.Zero(t, doc.Find("main b, .topbar b").Length())
}
