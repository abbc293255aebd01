package page_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

func TestManyFailuresReadAsAFewReasons(t *testing.T) {
	t.Parallel()
	from := links.List{Workspace: "northwind"}
	d := page.RunData{Frame: as(t, models.RoleOwner), Run: caseOf(t, "partial"), From: from, ReasonCount: 5}
	d.Run.Facts.Counts.Failed = 4000
	d.Reasons = []models.ReasonGroup{
		{Reason: "user #: 404 Not Found", Items: 3990, Example: models.Item{Key: "user/7", Message: "user 7: 404 Not Found"}},
		{Reason: `<b>"…"</b> is gone`, Items: 9, Example: models.Item{Key: "<i>", Message: `<b>"x"</b> is gone`}},
		{Reason: "", Items: 1, Example: models.Item{Key: "مستخدم"}},
	}
	doc := html(t, ui.RunPage(page.Run(d)))
	lines := doc.Find(".reasons > li")
	require.Equal(t, 3, lines.Length())
	require.Equal(t, []string{"3 990 items failed for this reason", "9 items failed for this reason", "1 item failed for this reason"}, texts(lines.Find(".reason-count")))
	require.Equal(t, []string{"user #: 404 Not Found", `<b>"…"</b> is gone`, "No reason was recorded"}, texts(lines.Find(".reason-text > p:first-child")))
	require.Equal(t, "user/7 user 7: 404 Not Found", text(lines.First().Find(".reason-example")))
	require.Zero(t, doc.Find(".reasons b, .reasons i").Length(), "a foreign text is shown, not obeyed")
	require.Equal(t, "99", lines.First().Find("progress").AttrOr("value", ""))
	require.Contains(t, text(doc.Find(".panel-foot")), "and 2 rarer reasons")

	link, err := url.Parse(href(t, lines.Eq(2).Find("a")))
	require.NoError(t, err)
	require.Equal(t, "northwind", link.Query().Get("workspace"))
	filter := page.ItemReason(link.Query())
	require.Equal(t, models.ItemFailed, filter.State)
	require.NotNil(t, filter.Reason, "no reason at all can be asked for as well")
	require.Empty(t, *filter.Reason)
	require.Nil(t, page.ItemReason(url.Values{"items": {"failed"}}).Reason)

	d.ItemState, d.ItemReason, d.ItemsNext, d.ItemsAfter = models.ItemFailed, &d.Reasons[0].Reason, "c2", "c1"
	d.Items = []models.Item{{Key: "user/7", State: models.ItemFailed}}
	doc = html(t, ui.RunPage(page.Run(d)))
	require.Equal(t, "Reason: user #: 404 Not Found show all failed items", text(doc.Find("#items .only")))
	require.Equal(t, links.Items(links.Admin, d.Run.ID, from, "failed", ""), href(t, doc.Find("#items .only a")))
	require.Equal(t, links.FailedFor(links.Admin, d.Run.ID, from, d.Reasons[0].Reason, "c2"), href(t, doc.Find("#items .pager a").Last()))

	d.Reasons = nil
	require.Zero(t, html(t, ui.RunPage(page.Run(d))).Find("#reasons-panel-title").Length())
}
