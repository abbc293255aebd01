package surfaces

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/standalone/internal/browser"
)

// address is the path and query of the page that is open.
func address(b browser.Tab) string {
	b.T.Helper()
	return browser.Ask[string](b, `location.pathname + location.search`)
}

func asked(b browser.Tab) links.List {
	b.T.Helper()
	u, err := url.Parse(address(b))
	require.NoError(b.T, err)
	l, err := links.Parse(u.Query())
	require.NoError(b.T, err)
	return l
}

// follow clicks what leads to another page, and waits for that.
func follow(b browser.Tab, selector string) {
	b.T.Helper()
	from := address(b)
	b.Click(selector)
	b.Until("another page after a click on "+selector, func() bool { return address(b) != from && ready(b) })
}

func ready(b browser.Tab) bool {
	b.T.Helper()
	return browser.Ask[bool](b, `document.readyState === "complete"`)
}

// back goes back as the browser's button does.
func back(b browser.Tab, to string) {
	b.T.Helper()
	browser.Ask[bool](b, `(setTimeout(() => history.back()), true)`)
	b.Until("back at "+to, func() bool { return address(b) == to && ready(b) })
}

// samePlace waits until a page that was gone back to is scrolled as it was.
func samePlace(b browser.Tab, at float64) {
	b.T.Helper()
	now := at
	defer func() {
		if b.T.Failed() {
			b.T.Logf("the page is scrolled to %v, and was to %v; %s", now, at, browser.Ask[string](b, `"it is " + document.documentElement.scrollHeight + " high, its window " + innerHeight`))
		}
	}()
	b.Until("the same place on the page", func() bool {
		now = browser.Ask[float64](b, `scrollY`)
		return now > at-2 && now < at+2
	})
}

func chips(b browser.Tab) string {
	b.T.Helper()
	return browser.Ask[string](b, `[...document.querySelectorAll(".chips .chip-text")].map((c) => c.innerText).join(" | ")`)
}

// step is an entry point: where a reader begins, what is clicked to come to a list, and which class that shows.
type step struct {
	name, start string
	click       string                 // empty: the rows stand on the page itself
	class       lifecycle.ProblemClass // of the list, or of the bucket that the row stands in
	scope       string                 // in a chip of the list, where it has one
	run         string                 // the row that is opened; any of several of the same kind will do
	table       string                 // what the row is in, where the page has more than one
}

// openAndReturn opens a run's row by a click beside its link, checks that the detail tells what the row told and knows the
// class and scope that it was opened from, and goes back to the same place.
func (w *world) openAndReturn(b browser.Tab, plane links.Plane, s step) {
	b.T.Helper()
	b.Whole() // what comes later moves what is in view
	id, list := w.runs[s.run].ID, asked(b)
	row := strings.TrimSpace(s.table + ` tr[data-run="` + id + `"]`)
	from, scope := address(b), [2]string{list.Workspace, list.Tenant}
	if place := strings.Split(b.Path(), "/"); place[2] == "workspaces" {
		scope[0], scope[1] = place[3], append(place, "", "")[5]
	}
	type told struct{ Badges, Headline string }
	const badges = `[...e.querySelectorAll(".tag")].map((t) => t.innerText).join(" | ")`
	inRow := browser.Ask[told](b, `(() => { const e = document.querySelector('`+row+`'); return {Badges: `+badges+`, Headline: e.querySelector(".row-headline").innerText}; })()`)
	b.ScrollTo(row + " .cell-state")
	scrolled := browser.Ask[float64](b, `scrollY`)
	follow(b, row+" .cell-state")
	require.Equal(b.T, links.Run(plane, id, links.List{}), b.Path(), s.name)
	inDetail := browser.Ask[told](b, `(() => { const e = document.querySelector("#decision"); return {Badges: `+badges+`, Headline: e.querySelector("#decision-headline").innerText}; })()`)
	require.Equal(b.T, inRow, inDetail, "%s: the row and the page tell the same", s.name)
	require.Equal(b.T, s.class, asked(b).Class, "%s: the class is kept", s.name)
	if s.class != "" {
		crumb := browser.Ask[string](b, `[...document.querySelectorAll("nav.crumbs a")].map((a) => a.getAttribute("href")).join(" ")`)
		require.Contains(b.T, crumb, "problem_class="+string(s.class), "%s: the way up leads to the class", s.name)
	}
	shown := asked(b)
	kept := [2]string{shown.Workspace, shown.Tenant}
	require.Equal(b.T, scope, kept, "%s: the scope is kept", s.name)
	back(b, from)
	samePlace(b, scrolled)
	require.NotZero(b.T, browser.Ask[int](b, `document.querySelectorAll("#live "+`+strconv.Quote(row)+`).length`), "%s: the row is still there", s.name)
}

// The story is walked from each entry point to a run and back: what was filtered stays filtered, what was in view is in view.
func TestSurfacesWalkedFromEveryEntry(t *testing.T) {
	t.Parallel()
	w := tell(t)
	stuck, ended := lifecycle.ActiveStaleAttention, lifecycle.TerminalFollowUp
	place, tenant := links.Workspace("harbor"), links.Tenant("harbor", "delta-freight")
	tab := func(words string) string { return `.tabs a[href*="` + words + `"]` }
	for _, reader := range []struct {
		name  string
		plane links.Plane
		steps []step
	}{
		{"Mara Lindqvist", links.Admin, []step{
			{"workspace: number of stuck runs", place, kpi(1), stuck, "Harbor Managed Services", "stuck", ""},
			{"workspace: number of follow-ups", place, kpi(2), ended, "Harbor Managed Services", "reconciled", ""},
			{"workspace: number of active runs", place, kpi(3), "", "Harbor Managed Services", "fresh", ""},
			{"workspace: number of succeeded runs", place, kpi(4), "", "Harbor Managed Services", "succeeded", ""},
			{"workspace: a tenant's number", place, `#tenant-delta-freight .cell-link[href*="active_stale"]`, stuck, "Delta Freight", "stuck", ""},
			{"workspace: bucket of stuck runs", place, "", stuck, "", "claimed", ""},
			{"workspace: bucket of follow-ups", place, "", ended, "", "partial", ""},
			{"workspace: recent operations", place, "", "", "", "queued", "#recent"},
			{"tenant: number of stuck runs", tenant, kpi(1), stuck, "Delta Freight", "stuck", ""},
			{"tenant: number of follow-ups", tenant, kpi(2), ended, "Delta Freight", "reconciled", ""},
			{"tenant: bucket of stuck runs", tenant, "", stuck, "", "stuck", ""},
			{"tenant: bucket of follow-ups", tenant, "", ended, "", "reconciled", ""},
			{"tenant: recent operations", tenant, "", "", "", "succeeded", "#recent"},
			{"tenant: all operations", tenant, ".panel-link", "", "Delta Freight", "cancelled", ""},
			{"list", links.Runs(links.Admin, links.List{}), "", "", "", "blocked", ""},
			{"list: its tab of stuck runs", links.Runs(links.Admin, links.List{Tenant: "delta-freight", Workspace: "harbor"}), tab("active_stale"), stuck, "Delta Freight", "stuck", ""},
		}},
		{"Pia Novak", links.System, []step{
			{"platform: stuck, run by run", links.Stuck(links.List{}), `.panel-foot a`, stuck, "", "worker lost", ""},
			{"platform: older failures", links.Failures(links.List{}), `.panel-foot a[href*="problem_class"]`, ended, "", "old", ""},
			{"platform: stuck, by cause and queue", links.Stuck(links.List{}), `#group-no_workers-policies .row-link`, stuck, "policies", "stuck", ""},
			{"platform: failures, by reason", links.Failures(links.List{}), `#failures-recent-reconciled .row-link`, ended, "", "reconciled", ""},
			{"platform: failures, the runs", links.Failures(links.List{}), "", ended, "", "partial", ""},
			{"platform: runs", links.Runs(links.System, links.List{}), "", "", "", "retrying", ""},
		}},
	} {
		b := w.open(reader.name, reader.plane)
		b.Size(1280, 500) // small, so that there is something to scroll
		for _, s := range reader.steps {
			b.GoTo(s.start)
			if s.click != "" {
				b.Whole() // what comes later moves what is in view
				b.ScrollTo(s.click)
				at := browser.Ask[float64](b, `scrollY`)
				follow(b, s.click)
				require.Equal(t, links.Runs(reader.plane, links.List{}), b.Path(), s.name)
				require.Equal(t, s.class, asked(b).Class, s.name)
				if s.class != "" {
					require.Contains(t, chips(b), s.class.Label(), "%s: the class is seen in force", s.name)
				}
				require.Contains(t, chips(b), s.scope, "%s: the scope is seen in force", s.name)
				list := address(b)
				w.openAndReturn(b, reader.plane, s)
				require.Equal(t, list, address(b))
				back(b, s.start)
				samePlace(b, at)
			} else {
				w.openAndReturn(b, reader.plane, s)
			}
			allowed(b, s.name)
		}
	}
}

// A filter that is made in the form is in the address and in chips; it outlives a run's page and the browser's reload, and
// ends with its chip.
// kpi is the link of the nth number of a page.
func kpi(n int) string { return ".kpis li:nth-child(" + strconv.Itoa(n) + ") .kpi-link" }

// The platform's numbers lead to the view of their class, where the runs are told by what has befallen them.
func TestPlatformNumbersLeadToTheirViews(t *testing.T) {
	t.Parallel()
	w := tell(t)
	b := w.open("Pia Novak", links.System)
	for n, view := range map[int]string{1: links.Stuck(links.List{}), 2: links.Failures(links.List{})} {
		b.GoTo(links.Home(links.System))
		follow(b, kpi(n))
		require.Equal(t, view, b.Path())
	}
}

func TestSurfacesKeepAFilter(t *testing.T) {
	t.Parallel()
	w := tell(t)
	b := w.open("Mara Lindqvist", links.Admin)
	b.Size(1280, 600)
	b.GoTo(links.Runs(links.Admin, links.List{}))
	// Without a word to the page's script, which would send the form before the text is in it.
	browser.Ask[string](b, `document.querySelector('.filter-form select[name="type"]').value = "http.batch"`)
	b.Fill(`.filter-form input[name="q"]`, "csv")
	follow(b, `.filter-form > button[type="submit"]`)
	require.Equal(t, links.List{Type: "http.batch", Text: "csv"}, asked(b))
	require.Equal(t, "Type: HTTP batch | Text: csv", chips(b))
	filtered := address(b)
	w.openAndReturn(b, links.Admin, step{name: "filtered", run: "partial"})
	at := browser.Ask[float64](b, `scrollY`)
	b.Within(chromedp.Reload())
	require.Equal(t, filtered, address(b))
	samePlace(b, at)
	require.Equal(t, "http.batch", browser.Ask[string](b, `document.querySelector('select[name="type"]').value`), "the form shows what is asked for")
	follow(b, `.chips a.chip[href*="type=http.batch"]`)
	require.Equal(t, "Type: HTTP batch", chips(b))
}

// A list of several pages: Back from a run on the second leads to that page, at the row.
func TestSurfacesPageBackToALongList(t *testing.T) {
	t.Parallel()
	w := tell(t)
	modelstest.Clones(t, w.record, w.runs["fresh"], 120)
	b := w.open("Mara Lindqvist", links.Admin)
	b.Size(390, 844)
	b.GoTo(links.Runs(links.Admin, links.List{Type: "http.batch"}))
	follow(b, `.pager a[rel="next"]`)
	b.Whole()
	second := address(b)
	id := browser.Ask[string](b, `document.querySelectorAll("#runs tr[data-run]")[40].dataset.run`)
	row := `tr[data-run="` + id + `"]`
	b.ScrollTo(row + " .cell-state")
	at := browser.Ask[float64](b, `scrollY`)
	require.Greater(t, at, 500.0)
	follow(b, row+" .cell-state")
	require.True(t, strings.HasSuffix(b.Path(), id))
	back(b, second)
	samePlace(b, at)
	fits(b, "a long list")
}
