package e2e

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/internal/browser"
)

// agreed is what everything in the browser is compared with.
type agreed struct {
	t      *testing.T
	now    time.Time
	runs   []models.Run // the newest first
	truths map[string]lifecycle.Truth
	want   map[string]told
	rows   map[string][]shown                     // of lists that were read, by plane and address
	views  map[string]func(links.List) links.List // by their addresses: the list of all that they group
}

func newAgreed(t *testing.T, store *models.Store, now time.Time) *agreed {
	t.Helper()
	page, err := store.ListRuns(t.Context(), models.Platform(), models.Filter{}, models.Page{Limit: 500})
	require.NoError(t, err)
	a := &agreed{t: t, now: now, runs: page.Runs, truths: map[string]lifecycle.Truth{}, want: map[string]told{}, rows: map[string][]shown{}}
	for _, r := range page.Runs {
		truth := lifecycle.Derive(r.Facts, now)
		a.truths[r.ID] = truth
		a.want[r.ID] = told{seenAs(truth.Badge().Label), seenAs(truth.Headline()), seenAs(truth.NextStep().Text)}
	}
	return a
}

// pageOf is what a run's page on a plane has to tell: its steps are those that the plane's readers can take.
func (a *agreed) pageOf(id string, plane links.Plane) told {
	want := a.want[id]
	if plane == links.System {
		want.Next = seenAs(a.truths[id].ForStaff().NextStep().Text)
	}
	return want
}

// chooseFifty chooses runs, one of every state, cause and class that there is and then any.
func (a *agreed) chooseFifty() (chosen []string) {
	const fifty = 50
	seen, taken := map[string]bool{}, map[string]bool{}
	for _, all := range []bool{false, true} {
		for _, r := range a.runs {
			truth := a.truths[r.ID]
			key := strings.Join([]string{string(truth.State), string(truth.Cause), string(truth.ProblemClass)}, " ")
			if len(chosen) < fifty && !taken[r.ID] && (all || !seen[key]) {
				seen[key], taken[r.ID] = true, true
				chosen = append(chosen, r.ID)
			}
		}
	}
	require.Len(a.t, chosen, fifty)
	return chosen
}

// seen are the rows of runs in a part of the open page, each of which tells its run's truth.
func (a *agreed) seen(b browser.Tab, say, part string) []shown {
	rows := browser.Ask[[]shown](b, `(() => { `+visible+`return [...document.querySelectorAll("`+part+` tr[data-run]")].map(r => ({
		ID: r.dataset.run, Href: r.querySelector("a").getAttribute("href"),
		Badge: visible(r.querySelector(".cell-state .tag")), Headline: visible(r.querySelector(".row-headline"))})) })()`)
	for _, row := range rows {
		want, known := a.want[row.ID]
		require.True(a.t, known, "%s shows a run %q that is not stored", say, row.ID)
		require.Equal(a.t, want.Badge, seenAs(row.Badge), "%s: badge of run %s", say, row.ID)
		require.Equal(a.t, want.Headline, seenAs(row.Headline), "%s: headline of run %s", say, row.ID)
	}
	return rows
}

// list opens a list and goes through all its pages.
func (a *agreed) list(b browser.Tab, path string) []shown {
	if rows, known := a.rows[b.Base+path]; known {
		return rows
	}
	rows := []shown{}
	for at := path; at != ""; {
		b.GoTo(at)
		rows = append(rows, a.seen(b, path, "#runs")...)
		at = browser.Ask[string](b, `document.querySelector("nav.pager a[rel=next]")?.getAttribute("href") ?? ""`)
	}
	a.rows[b.Base+path] = rows
	return rows
}

func (a *agreed) listed(b browser.Tab, path string) map[string]shown {
	byID := map[string]shown{}
	for _, row := range a.list(b, path) {
		byID[row.ID] = row
	}
	return byID
}

// places reads the first pages of workspaces and tenants, or of the platform: their rows are the first of what they begin,
// and each number on them is that of the truths that it counts, and of the rows of its list.
func (a *agreed) places(b browser.Tab, plane links.Plane) {
	yes := true
	recent := a.now.Add(-models.Recent)
	stuck := func(l links.List) links.List { l.Class = lifecycle.ActiveStaleAttention; return l }
	ended := func(l links.List) links.List {
		l.Class, l.Open, l.EndedFrom = lifecycle.TerminalFollowUp, &yes, recent
		return l
	}
	a.views = map[string]func(links.List) links.List{links.Stuck(links.List{}): stuck, links.Failures(links.List{}): ended}
	if plane == links.System {
		a.page(b, links.Home(plane), nil)
		a.page(b, links.Stuck(links.List{}), nil)
		a.page(b, links.Failures(links.List{}), map[string]begins{"#runs": {ended(links.List{}), 20}})
		return
	}
	for _, place := range []links.List{
		{Workspace: "acme"}, {Workspace: "strange"}, {Workspace: "acme", Tenant: "north"}, {Workspace: "globex", Tenant: "west"}, {Workspace: "strange", Tenant: "rtl"},
	} {
		path := links.Workspace(place.Workspace)
		if place.Tenant != "" {
			path = links.Tenant(place.Workspace, place.Tenant)
		}
		a.page(b, path, map[string]begins{"#stuck-runs": {stuck(place), 5}, "#follow-up-runs": {ended(place), 5}, "#recent": {place, 10}})
	}
}

// begins is a list of which a page shows the first rows.
type begins struct {
	list links.List
	rows int
}

func (a *agreed) page(b browser.Tab, path string, parts map[string]begins) {
	b.GoTo(path)
	b.Whole()
	for part, of := range parts {
		var ids []string
		for _, row := range a.seen(b, path+" "+part, part) {
			ids = append(ids, row.ID)
		}
		want := a.on(of.list)
		require.Equal(a.t, want[:min(len(want), of.rows)], ids, "%s %s", path, part)
	}
	type number struct{ Href, Text string }
	numbers := browser.Ask[[]number](b, `(() => { `+visible+`return [...document.querySelectorAll(
		".kpi-link, .kpi-note[href], .bucket-links a, .panel-foot a, #tenants .cell-link, #overlay .overlay-foot a, #stuck-groups tbody tr, table[id^=failures] tbody tr")].map((e) => ({
			Href: (e.matches("tr") ? e.querySelector("a") : e).getAttribute("href"),
			Text: visible(e.matches("tr") ? e.children[2] : e.querySelector(".kpi-count") ?? e)})) })()`)
	counted := 0
	for _, n := range numbers {
		u, err := url.Parse(n.Href)
		require.NoError(a.t, err)
		l, err := links.Parse(u.Query())
		require.NoError(a.t, err)
		found := digits.FindString(strings.ReplaceAll(n.Text, "\u202f", ""))
		whole, isView := a.views[u.Path]
		if isList := u.Path == links.Runs(links.Admin, links.List{}) || u.Path == links.Runs(links.System, links.List{}); found == "" || !isList && !isView {
			continue // "last 7 days", or notifications
		}
		told, err := strconv.Atoi(found)
		require.NoError(a.t, err)
		counted++
		switch {
		case isView:
			require.Len(a.t, a.on(whole(l)), told, "%s: %q at %s", path, n.Text, n.Href)
		case l.Failure != "": // whose rule is the record's own; that its list has as many is tested without a browser
		default:
			require.Len(a.t, a.on(l), told, "%s: %q at %s", path, n.Text, n.Href)
			require.Len(a.t, a.list(b, n.Href), told, "%s: %q leads to %s", path, n.Text, n.Href)
		}
	}
	require.NotZero(a.t, counted, "%s has no number", path)
	a.t.Logf("%s: %d numbers", path, counted)
}

var digits = regexp.MustCompile(`^[0-9]+|[0-9]+$`)

// on is the ids of the runs that must be on a list, in order.
func (a *agreed) on(l links.List) []string {
	ids := []string{}
	for _, r := range a.runs {
		t, f := a.truths[r.ID], r.Facts
		at := func(want *bool, is bool) bool { return want == nil || *want == is }
		is := func(want, got string) bool { return want == "" || want == got }
		cause := t.Cause
		if l.Cause == lifecycle.CauseNotKnown && cause == lifecycle.NoCause {
			cause = l.Cause
		}
		if is(l.Workspace, r.WorkspaceSlug) && is(l.Tenant, r.TenantSlug) && is(string(l.Class), string(t.ProblemClass)) && is(string(l.Outcome), string(f.Outcome)) &&
			is(string(l.Status), string(f.Status)) && is(string(l.Cause), string(cause)) && is(l.Queue, f.Queue) && at(l.Open, t.Open) && at(l.Active, f.Status.Active()) &&
			!f.CompletedAt.Before(l.EndedFrom) && (l.EndedTo.IsZero() || !f.CompletedAt.IsZero() && f.CompletedAt.Before(l.EndedTo)) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}
