package page_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

func historyOf(days int, counts ...models.HistoryCount) models.History {
	return models.History{From: now.Truncate(24*time.Hour).AddDate(0, 0, 1-days), To: now, Counts: counts}
}

// Every mark and every number of the history leads to the runs that it counts, and the table has what the pictures have.
func TestHistoryLeadsToWhatItShows(t *testing.T) {
	t.Parallel()
	today := now.Truncate(24 * time.Hour)
	counts := []models.HistoryCount{
		{Type: "inventory.sync", Day: today.AddDate(0, 0, -13), Outcome: lifecycle.Failed, Runs: 2},
		{Type: "inventory.sync", Day: today.AddDate(0, 0, -13), Outcome: lifecycle.Succeeded, Runs: 900, Median: time.Second, P95: time.Minute},
		{Type: "inventory.sync", Day: today, Outcome: lifecycle.Blocked, Runs: 1},
		{Type: "sample.simulate", Day: today, Outcome: lifecycle.Failed, Runs: 7},
	}
	d := placeOf(t, models.RoleViewer)
	d.Tenant, d.Days, d.History = contoso, 14, historyOf(14, counts...)
	doc := html(t, ui.Overview(page.Tenant(d)))
	require.Equal(t, []string{"Inventory sync", "Simulated operation"}, texts(doc.Find(".type-history h3")), "the most runs first")

	want := map[string]string{} // by address: the number
	for _, c := range counts {
		l := find.List(d.History.Filter(c, models.Filter{}), "northwind", "contoso")
		want[links.Runs(links.Admin, l)] = fmt.Sprint(c.Runs)
	}
	drawn, told := map[string]bool{}, map[string]string{}
	doc.Find(".chart svg a").Each(func(_ int, s *goquery.Selection) {
		require.Contains(t, want, href(t, s))
		require.NotEmpty(t, text(s.Find("title")))
		require.Equal(t, "-1", s.AttrOr("tabindex", ""), "who uses the keyboard uses the table")
		drawn[href(t, s)] = true
	})
	doc.Find(".numbers td a").Each(func(_ int, s *goquery.Selection) { told[href(t, s)] = text(s) })
	require.Equal(t, want, told)
	require.Len(t, drawn, len(want))
	require.Contains(t, text(doc.Find(".chart-empty")), "No run of this type succeeded")

	u, err := url.Parse(href(t, doc.Find(".type-head a").First()))
	require.NoError(t, err)
	require.Equal(t, "inventory.sync", u.Query().Get("type"))
	require.Equal(t, "903 ended of Inventory sync", text(doc.Find(".type-head a").First()))
	require.Equal(t, "14 days", text(doc.Find(".spans [aria-current]")))
	require.Equal(t, links.Days(links.Tenant("northwind", "contoso"), 30), href(t, doc.Find(".spans a").Last()))
	require.Equal(t, []string{"Succeeded", "Could not start", "Failed"}, texts(doc.Find(".keys li")), "a colour that is not there needs no key")
}

// The picture stays in its box, however much there is of a kind, and one run among thousands is seen.
func TestHistoryStaysInItsBox(t *testing.T) {
	t.Parallel()
	today := now.Truncate(24 * time.Hour)
	var counts []models.HistoryCount
	for i := range 30 {
		for _, o := range lifecycle.Outcomes()[1:] {
			n := int64(1)
			if o == lifecycle.Succeeded {
				n = 100_000
			}
			counts = append(counts, models.HistoryCount{Type: "x", Day: today.AddDate(0, 0, i-29), Outcome: o, Runs: n, Median: time.Hour, P95: 2 * time.Hour})
		}
	}
	d := placeOf(t, models.RoleViewer)
	d.Days, d.History = 30, historyOf(30, counts...)
	doc := html(t, ui.Overview(page.Overview(d)))
	bars := doc.Find("rect.bar").Not(".key rect")
	require.Equal(t, 30*5, bars.Length())
	bars.Each(func(_ int, s *goquery.Selection) {
		var x, y, w, h int
		_, err := fmt.Sscan(strings.Join([]string{s.AttrOr("x", ""), s.AttrOr("y", ""), s.AttrOr("width", ""), s.AttrOr("height", "")}, " "), &x, &y, &w, &h)
		require.NoError(t, err)
		require.GreaterOrEqual(t, h, 2)
		require.GreaterOrEqual(t, y, 0)
		require.LessOrEqual(t, x+w, 540)
		require.LessOrEqual(t, y+h, 94)
	})
	require.Equal(t, 30, doc.Find("circle.chart-dot").Length())
}

// A page that renews itself leaves its history alone; that renews itself more seldom, while something may end.
func TestHistoryRenewsItselfAtItsOwnPace(t *testing.T) {
	t.Parallel()
	d := placeOf(t, models.RoleViewer)
	d.Days, d.History = 14, historyOf(14)
	section := html(t, ui.Overview(page.Overview(d))).Find("#history")
	require.Equal(t, "60", section.AttrOr("data-poll", ""))
	require.Equal(t, 1, section.Filter("[data-seldom]").Length())
	require.Equal(t, links.History(links.Workspace("northwind"), 14), section.AttrOr("hx-get", ""))
	d.Summary.Active = 0
	section = html(t, ui.Overview(page.Overview(d))).Find("#history")
	require.Equal(t, 1, section.Filter("[data-live][data-seldom]:not([data-poll])").Length(), "it is asked for after a change elsewhere")
	d.HistoryPart = page.HistoryKept
	section = html(t, ui.Overview(page.Overview(d))).Find("#history")
	require.Equal(t, 1, section.Filter("[data-unchanged]").Length())
	require.Empty(t, text(section))
}

// A page without its history says where it is and asks for it; without scripts that is a link.
func TestHistoryFollowsItsPage(t *testing.T) {
	t.Parallel()
	d := placeOf(t, models.RoleViewer)
	d.Tenant, d.Days, d.HistoryPart = contoso, 30, page.HistoryLater
	section := html(t, ui.Overview(page.Tenant(d))).Find("#history[data-live][data-pending][data-seldom][aria-busy=true]")
	to := links.History(links.Tenant("northwind", "contoso"), 30)
	require.Equal(t, to, section.AttrOr("hx-get", ""))
	require.Equal(t, to, href(t, section.Find(".history-later a")))
	require.Equal(t, "30 days", text(section.Find(".spans [aria-current]")))
	require.Zero(t, section.Find(".empty-state, svg").Length(), "that nothing has ended is not known yet")
}

func TestNoHistorySaysSo(t *testing.T) {
	t.Parallel()
	d := placeOf(t, models.RoleViewer)
	d.Days, d.History = 14, historyOf(14)
	doc := html(t, ui.Overview(page.Overview(d)))
	require.Contains(t, text(doc.Find("#history .empty-title")), "Nothing has ended in the last 14 days")
	require.Zero(t, doc.Find("#history svg[viewBox], #history table").Length())
}
