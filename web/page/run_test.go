package page_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/page/pagetest"
	"github.com/opstruth/opstruth/web/ui"
	"github.com/opstruth/opstruth/web/view"
)

func TestTheSamplesShowEveryState(t *testing.T) {
	t.Parallel()
	seen := map[lifecycle.State]bool{}
	for _, c := range pagetest.Cases() {
		require.Equal(t, c.State, c.Run.Truth(now).State, c.Name)
		seen[c.State] = true
	}
	for _, s := range lifecycle.States() {
		require.True(t, seen[s], "no sample of %s", s)
	}
}

// The decision zone says what the truth says, before anything else, in words that take ten seconds.
func TestTheDecisionZoneOfEveryState(t *testing.T) {
	t.Parallel()
	for _, role := range []models.Role{models.RoleOwner, models.RoleViewer, ""} {
		for _, c := range pagetest.Cases() {
			truth := c.Run.Truth(now)
			if role == "" {
				truth = truth.ForStaff()
			}
			doc := html(t, ui.RunPage(page.Run(page.RunData{Frame: as(t, role), Run: c.Run, Lineage: lineageOf(c.Run)})))
			zone := doc.Find("#decision")
			require.Equal(t, 1, zone.Length(), c.Name)
			require.Equal(t, plain(truth.Headline()), text(zone.Find("#decision-headline")), c.Name)
			require.Equal(t, truth.Badge().Label, text(zone.Find(".tag").First()), c.Name)
			require.Equal(t, truth.ReconciliationNote(), text(zone.Find(".reconciliation")), c.Name)
			require.Equal(t, truth.NextStep().Text, text(zone.Find(".next-text")), c.Name)
			require.NotEmpty(t, zone.Find(".evidence li").Nodes, c.Name)
			require.Equal(t, 0, doc.Find("#decision ~ #decision, .columns #decision").Length(), c.Name)

			zone.Find(".menu-list, .visually-hidden").Remove() // asked only after a click
			require.LessOrEqual(t, len(strings.Fields(text(zone))), 60, "%s: %s", c.Name, text(zone))
			require.LessOrEqual(t, zone.Find(".btn-primary").Length(), 1, c.Name)
			if role == models.RoleViewer {
				require.Zero(t, zone.Find("form, button").Length(), c.Name)
				require.Equal(t, truth.NextStep().Kind == lifecycle.StepOpen, zone.Find(".actions a").Length() == 1, c.Name)
			}
			require.Equal(t, c.Run.Facts.Status.Active(), polls(doc), c.Name)
		}
	}
}

// The one primary button is the truth's own next step, and what is not possible is not offered.
func TestTheActionsOfARun(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"running": "Cancel run", "cancelling": "", "stuck: no_workers": "Cancel run|I am on it", "stuck: activity_retrying": "*Cancel run|I am on it",
		"stuck, cancelling": "I am on it", "stuck, claimed": "Cancel run|Take over", "succeeded": "", "cancelled": "", "failed": "*Retry|Note|I am on it", "failed, noted": "Reopen",
		"failed, superseded": "", "blocked": "*Retry|Note|I am on it", "reconciled": "*Retry|Note|I am on it", "partial": "*Retry|Note|I am on it",
		"failed, claimed": "*Retry|Note|Take over", "failed, retried": "*Open its retry|Note|I am on it", "running, claimed": "Cancel run",
	}
	for _, c := range pagetest.Cases() {
		buttons, ok := want[c.Name]
		if !ok {
			continue
		}
		var got []string
		for _, a := range page.Run(page.RunData{Frame: as(t, models.RoleOperator), Run: c.Run, Lineage: lineageOf(c.Run)}).Decision.Next.Actions {
			label := a.Label
			if a.Primary {
				label = "*" + label
			}
			got = append(got, label)
			if a.Label == "Open its retry" {
				require.False(t, a.Post)
				require.Equal(t, links.Run(links.Admin, c.Run.Facts.RetriedBy, links.List{}), a.Href)
				continue
			}
			require.True(t, a.Post)
			require.True(t, strings.HasPrefix(a.Href, "/admin/operations/"+c.Run.ID+"/"), a.Href)
		}
		require.Equal(t, buttons, strings.Join(got, "|"), c.Name)
	}
}

// lineageOf is the run that retries a sample.
func lineageOf(r models.Run) (l models.Lineage) {
	if id := r.Facts.RetriedBy; id != "" {
		l.Retries = []models.Run{pagetest.Run(0, func(f *lifecycle.Facts) { f.ID = id })}
	}
	return l
}

// Who is on it may let go; a form keeps the list that its page was opened from.
func TestTheClaimOfARun(t *testing.T) {
	t.Parallel()
	d := page.RunData{Frame: as(t, models.RoleOperator), Run: caseOf(t, "stuck, claimed"), From: links.List{Workspace: "northwind", Class: lifecycle.ActiveStaleAttention}}
	require.Contains(t, texts(html(t, ui.RunPage(page.Run(d))).Find("#decision .tag")), "On it: Ines Okafor")
	d.Run.Facts.Claim.By = d.Who.User.Name
	require.Equal(t, 1, html(t, ui.RunPage(page.Run(d))).Find(`#decision form[action$="/claim"]`).Length(), "somebody else of that name")
	d.Run.Facts.Claim.ByID = d.Who.User.ID
	doc := html(t, ui.RunPage(page.Run(d)))
	form := doc.Find(`#decision form[action$="/release"]`)
	require.Equal(t, "Release", text(form.Find("button")))
	require.Zero(t, doc.Find(`#decision form[action$="/claim"]`).Length())
	require.Equal(t, "active_stale_attention", form.Find(`[name="problem_class"]`).AttrOr("value", ""))
	require.Equal(t, "northwind", form.Find(`[name="workspace"]`).AttrOr("value", ""))
}

func caseOf(t *testing.T, name string) models.Run {
	t.Helper()
	for _, c := range pagetest.Cases() {
		if c.Name == name {
			return c.Run
		}
	}
	require.Fail(t, "no sample", name)
	return models.Run{}
}

// Temporal UI and stored evidence are for platform staff; a tenant's results are not.
func TestThePlanesOfARun(t *testing.T) {
	t.Parallel()
	d := page.RunData{Frame: as(t, ""), Run: caseOf(t, "stuck: no_workers"), TemporalUI: "http://ui", Namespace: "opstruth"}
	doc := html(t, ui.RunPage(page.Run(d)))
	external := doc.Find(`a[target="_blank"]`)
	require.Equal(t, "http://ui/namespaces/opstruth/workflows/opstruth-run-"+d.Run.ID+"/5f0c9e8e-0000-4000-8000-00000000000b/history", href(t, external))
	facts := strings.Join(texts(doc.Find("#evidence-panel-title").Closest("section").Find(".facts > div")), "\n")
	require.Contains(t, facts, "Judged 14:03:10")
	require.Contains(t, facts, "Cause No worker serves the queue")
	require.Contains(t, facts, "Newest worker seen 14:02:00")
	require.Contains(t, facts, "Verified in a row 3 times, 50 s")
	require.Zero(t, doc.Find("#results-panel-title").Length())

	d.Frame = as(t, models.RoleOwner)
	doc = html(t, ui.RunPage(page.Run(d)))
	require.Zero(t, doc.Find(`a[target="_blank"], #evidence-panel-title`).Length())
	require.Equal(t, 1, doc.Find("#results-panel-title").Length())
	doc.Find("a[href], form[action]").Each(func(_ int, s *goquery.Selection) {
		require.NotContains(t, s.AttrOr("href", s.AttrOr("action", "")), "/system")
	})
}

func TestARunKnowsTheListItWasOpenedFrom(t *testing.T) {
	t.Parallel()
	from := links.List{Workspace: "northwind", Class: lifecycle.ActiveStaleAttention}
	doc := html(t, ui.RunPage(page.Run(page.RunData{Frame: as(t, models.RoleOwner), Run: caseOf(t, "running"), From: from})))
	require.Contains(t, doc.Find(".crumbs a").Map(func(_ int, s *goquery.Selection) string { return href(t, s) }), links.Runs(links.Admin, from))
}

func TestItemsBeginWithTheFailedOnes(t *testing.T) {
	t.Parallel()
	run := caseOf(t, "partial")
	require.Equal(t, models.ItemFailed, page.ItemTab(run, ""))
	require.Empty(t, page.ItemTab(run, "all"))
	require.Equal(t, models.ItemSkipped, page.ItemTab(run, "skipped"))
	require.Empty(t, page.ItemTab(caseOf(t, "succeeded"), "nonsense"))

	d := page.RunData{Frame: as(t, models.RoleOwner), Run: run, ItemState: models.ItemFailed, ItemsNext: "c2"}
	d.Items = []models.Item{{Key: "groups/7", State: models.ItemFailed, Code: "http_500", Message: "the API answered 500", At: now.Add(-time.Minute)}}
	doc := html(t, ui.RunPage(page.Run(d)))
	require.Equal(t, []string{"Failed 3", "Succeeded 4 207", "All 4 210"}, texts(doc.Find("#items .tabs a")))
	require.Equal(t, "Failed 3", text(doc.Find("#items .tabs [aria-current]")))
	require.Equal(t, "the API answered 500", text(doc.Find("#items tbody .cell-detail")))
	next, err := url.Parse(href(t, doc.Find("#items .pager a")))
	require.NoError(t, err)
	require.Equal(t, "failed", next.Query().Get("items"))
	require.Equal(t, "c2", next.Query().Get("items_after"))
	require.Equal(t, "items", next.Fragment)
}

func TestADiffIsShownInPlace(t *testing.T) {
	t.Parallel()
	body := `{"objects":9,"complete":false,"added":[{"collection":"groups","id":"1","name":"Sales <b>"}],
		"changed":[{"collection":"policies","id":"2","name":"Kiosk","fields":["settings"]}],"removed":[],
		"missing":[{"collection":"devices","from_page":18,"reason":"page 18 answered 500"}]}`
	a := models.Artifact{Name: "diff.json", Size: int64(len(body)), CreatedAt: now, Body: []byte(body)}
	require.True(t, page.Inline(a))
	d := page.RunData{Frame: as(t, models.RoleOwner), Run: caseOf(t, "partial"), Artifacts: []models.Artifact{a, {Name: "x.bin", Size: 3_000_000}}}
	doc := html(t, ui.RunPage(page.Run(d)))
	list := doc.Find(".artifacts > li")
	require.Equal(t, 2, list.Length())
	require.Equal(t, "9 objects read · 1 added · 1 changed · 0 removed", text(list.First().Find(".artifact-text p")))
	require.Equal(t, []string{"devices: page 18 answered 500", "groups / Sales <b>", "policies / Kiosk: settings"}, texts(list.First().Find(".group-lines li")))
	require.Equal(t, links.Artifact(links.Admin, d.Run.ID, "diff.json"), href(t, list.First().Find("a")))
	require.Contains(t, text(list.Last()), "3.0 MB")

	for _, broken := range []string{"", "[]", "{", `{"added":7}`} {
		d.Artifacts[0].Body = []byte(broken)
		require.Empty(t, page.Run(d).Results.List[0].Groups, broken)
	}
	d.Artifacts[0].Body = []byte(`{"first":true,"objects":9,"added":[{"id":"1"}]}`)
	require.Empty(t, page.Run(d).Results.List[0].Groups, "a first reading is no list of additions")
	require.False(t, page.Inline(models.Artifact{Name: "diff.json", Size: 1 << 30}))
}

func TestRelatedRunsAreLinked(t *testing.T) {
	t.Parallel()
	before, after := caseOf(t, "failed"), caseOf(t, "succeeded")
	run := caseOf(t, "failed, superseded")
	from := links.List{Workspace: "northwind"}
	d := page.RunData{Frame: as(t, models.RoleOwner), Run: run, From: from, Lineage: models.Lineage{
		RetryOf: &before, SupersededBy: &after, Retries: []models.Run{caseOf(t, "blocked")}, Superseded: []models.Run{caseOf(t, "partial")},
	}}
	doc := html(t, ui.RunPage(page.Run(d)))
	require.Equal(t, []string{"Retry of", "Retried as", "Superseded by", "Supersedes"}, texts(doc.Find(".lineage .soft")))
	require.Contains(t, text(doc.Find(".lineage")), "Retry of Inventory sync")
	require.Equal(t, links.Run(links.Admin, after.ID, from), href(t, doc.Find(".lineage a").Eq(2)))
	d.Lineage = models.Lineage{} // not visible to this reader
	require.Zero(t, html(t, ui.RunPage(page.Run(d))).Find(".lineage").Length())
}

func TestTheTimelineTellsEveryKindInWords(t *testing.T) {
	t.Parallel()
	kinds := []lifecycle.Kind{
		lifecycle.Enqueued, lifecycle.Dispatched, lifecycle.Started, lifecycle.Planned, lifecycle.WaitDeclared, lifecycle.WaitEnded,
		lifecycle.CancelRequested, lifecycle.Finished, lifecycle.CloseClaimed, lifecycle.CloseDropped, lifecycle.Reconciled,
		lifecycle.CancelForced, lifecycle.Adopted, lifecycle.Acknowledged, lifecycle.Reopened, lifecycle.Superseded,
		lifecycle.Retried, lifecycle.Claimed, lifecycle.Released, lifecycle.LateReported, lifecycle.WentStale, lifecycle.Recovered, lifecycle.CauseFound,
	}
	d := page.RunData{Frame: as(t, models.RoleOwner), Run: caseOf(t, "reconciled"), EventsNext: "c"}
	for i, k := range kinds {
		d.Events = append(d.Events, models.Event{ID: int64(i + 1), At: now.Add(time.Duration(i) * time.Second), Kind: k, Actor: "Mara", Data: data(t, models.EventData{
			Outcome: lifecycle.Failed, Cause: lifecycle.NoWorkers, Total: 4210, Message: "it broke", Note: "seen", By: pagetest.ID(1),
			Wait: "Retry-After", Until: now.UnixMicro(), StaleAt: now.UnixMicro(), SilentFor: (2 * time.Minute).Microseconds(), Gap: true,
			Evidence: &lifecycle.Evidence{Answer: lifecycle.Answered, WorkersSeen: -1, PollerAge: -1},
		})})
	}
	lines := page.Run(d).Timeline
	require.Len(t, lines, len(kinds))
	titles := map[string]bool{}
	for i, l := range lines {
		kind := kinds[len(kinds)-1-i] // the newest first
		require.NotEmpty(t, l.Icon, kind)
		require.NotEqual(t, string(kind), l.Title, kind)
		require.False(t, titles[l.Title], "%s is told like another: %s", kind, l.Title)
		titles[l.Title] = true
		require.Equal(t, "Mara", l.Actor)
	}
	find := func(k lifecycle.Kind) view.Event {
		for i := range kinds {
			if kinds[len(kinds)-1-i] == k {
				return lines[i]
			}
		}
		return view.Event{}
	}
	require.Equal(t, "Ended: failed", find(lifecycle.Finished).Title)
	require.Equal(t, "Checked: no worker serves the queue", find(lifecycle.CauseFound).Title)
	require.Equal(t, "4\u202f210 items · seen", find(lifecycle.Planned).Detail)
	require.Equal(t, "Retry-After · until 14:03:11 · declared by "+pagetest.ID(1), find(lifecycle.WaitDeclared).Detail)
	own := page.RunData{Frame: d.Frame, Run: d.Run, Events: []models.Event{{Kind: lifecycle.WaitDeclared, Actor: "opstruth", Data: data(t, models.EventData{Wait: "a timer", By: "opstruth"})}}}
	require.Equal(t, "a timer", page.Run(own).Timeline[0].Detail, "who declared it is told once, as who did it")
	require.Equal(t, "No worker serves the queue · 2 min of silence", find(lifecycle.Reconciled).Detail)
	require.Equal(t, "it broke · during a telemetry gap: the silence that it ended may be opstruth's own", find(lifecycle.Adopted).Detail)
	require.Equal(t, "after 21 s · during a telemetry gap", find(lifecycle.Recovered).Detail, "since the moment that the event names, whatever else is on the page")
	require.Equal(t, "No worker serves the queue", find(lifecycle.CloseClaimed).Detail)
	forced := page.RunData{Frame: d.Frame, Run: d.Run, Events: []models.Event{{Kind: lifecycle.CloseClaimed}}}
	require.Empty(t, page.Run(forced).Timeline[0].Detail, "a cancel is forced for no cause")
	doc := html(t, ui.RunPage(page.Run(d)))
	require.Contains(t, href(t, doc.Find(".panel-foot a")), "events_after=c")
	require.Contains(t, text(doc.Find("#timeline details").First()), "Temporal answered")
}

func TestAForeignEventIsStillTold(t *testing.T) {
	t.Parallel()
	d := page.RunData{Frame: as(t, models.RoleOwner), Run: caseOf(t, "running"), Events: []models.Event{{Kind: "from_the_future", Data: []byte("{")}}}
	require.Equal(t, "from_the_future", page.Run(d).Timeline[0].Title)
}
