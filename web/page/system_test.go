package page_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

func stuckOf(t *testing.T) page.StuckData {
	t.Helper()
	return page.StuckData{Listing: page.Listing{Frame: as(t, "")}, Summary: models.Summary{Now: now, Active: 500, LikelyStuck: 401}, Groups: []models.StuckGroup{
		{
			Group:  lifecycle.Group{Cause: lifecycle.NoWorkers, Queue: "inventory", Runs: 400, Since: now.Add(-10 * time.Minute)},
			Newest: now.Add(-time.Minute), LastHeard: now.Add(-80 * time.Second), CheckedAt: now.Add(-4 * time.Second), Workspaces: 3, Claimed: 2,
		},
		{Group: lifecycle.Group{Queue: "sample", Runs: 1, Since: now.Add(-3 * time.Second), Gap: true}, Newest: now.Add(-3 * time.Second), LastHeard: now.Add(-23 * time.Second), Workspaces: 1},
	}}
}

// One dead fleet is one row, which says what to do and leads to exactly its runs.
func TestStuckRunsAreGrouped(t *testing.T) {
	t.Parallel()
	doc := html(t, ui.StuckPage(page.Stuck(stuckOf(t))))
	require.Equal(t, []string{
		"No worker serves queue “inventory” Likely stuck Still active, not reconciled. 400 Start a worker for queue “inventory”. 10 min ago newest 60 s ago 80 s ago checked 4 s ago 3 2 of them",
		"Silent, cause not known yet, on queue “sample” Within a telemetry gap: the silence may be opstruth's own. Likely stuck Still active, not reconciled. 1 Wait for the next check. 3 s ago 23 s ago not checked yet 1 nobody",
	}, texts(doc.Find("#stuck-groups tbody tr")))
	for i, want := range []links.List{
		{Class: lifecycle.ActiveStaleAttention, Cause: lifecycle.NoWorkers, Queue: "inventory", AsOf: now},
		{Class: lifecycle.ActiveStaleAttention, Cause: lifecycle.CauseNotKnown, Queue: "sample", AsOf: now},
	} {
		link := doc.Find("#stuck-groups tbody tr").Eq(i).Find("a")
		require.Equal(t, 1, link.Length(), "one way to inspect")
		u, err := url.Parse(href(t, link))
		require.NoError(t, err)
		require.Equal(t, "/system/ops/runs", u.Path)
		got, err := links.Parse(u.Query())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}

	require.NotZero(t, doc.Find(`[name="queue"]`).Length())
	require.Zero(t, doc.Find(`[name="stale_lineage"]`).Length(), "all that is listed is stuck")

	calm := page.StuckData{Listing: page.Listing{Frame: as(t, "")}, Summary: models.Summary{Now: now, Active: 12}}
	doc = html(t, ui.StuckPage(page.Stuck(calm)))
	require.Equal(t, "Nothing is likely stuck As of 14:03 UTC, all 12 active runs were heard from in time.", text(doc.Find(".empty-state")))
}

func failuresOf(t *testing.T) page.FailuresData {
	t.Helper()
	group := func(outcome lifecycle.Outcome, key models.FailureKey, runs int64, id, message string) models.FailureGroup {
		return models.FailureGroup{
			Type: "inventory.sync", Outcome: outcome, Key: key, Runs: runs, Workspaces: 1,
			Example: models.Example{RunID: id, Message: message, EndedAt: now.Add(-time.Hour)},
		}
	}
	closed := group(lifecycle.Failed, models.NoReason, 2, "r3", "")
	closed.Reconciled, closed.Cause, closed.Lineage = true, lifecycle.NoWorkers, 2
	return page.FailuresData{
		Listing: page.Listing{Frame: as(t, "")}, Summary: models.Summary{Now: now, FollowUpRecent: 18, FollowUpOlder: 1},
		Recent: []models.FailureGroup{
			group(lifecycle.PartiallySucceeded, "# of # items failed", 12, "r1", "3 of 400 items failed"),
			group(lifecycle.PartiallySucceeded, "mailbox … is full", 3, "r5", "2 of 9 items failed"),
			group(lifecycle.Failed, models.NoReason, 1, "r2", ""), closed,
		},
		Older: []models.FailureGroup{group(lifecycle.Blocked, "<b>no</b> right", 1, "r4", "<b>no</b> right")},
		Page:  models.RunPage{Now: now, Runs: []models.Run{caseOf(t, "failed"), caseOf(t, "reconciled")}},
	}
}

// The reasons come first, what opstruth closed stands apart, and older ones stand apart from both.
func TestFailuresAreGroupedByReason(t *testing.T) {
	t.Parallel()
	doc := html(t, ui.FailuresPage(page.Failures(failuresOf(t))))
	require.Equal(t, []string{"Ended by themselves, last 7 days", "Closed by opstruth after silence, last 7 days", "Ended by themselves, older", "Runs of the last 7 days that need follow-up"},
		texts(doc.Find("main h2")))
	require.Equal(t, []string{
		"# of # items failed Inventory sync · such as “3 of 400 items failed” Partly done 12 1 none 60 min ago",
		"mailbox … is full Inventory sync · the reason of most of their failed items Partly done 3 1 none 60 min ago",
		"No reason was recorded Inventory sync Failed 1 1 none 60 min ago",
	}, texts(doc.Find("#failures-recent tbody tr")))
	require.Equal(t, []string{"No worker serves the queue Inventory sync Failed · was stuck 2 1 2 of them 60 min ago"}, texts(doc.Find("#failures-recent-reconciled tbody tr")))
	require.Contains(t, text(doc.Find("#failures-older")), "<b>no</b> right", "a foreign text is no markup")
	require.Equal(t, 2, doc.Find("#runs tbody tr[data-run]").Length())
	require.Equal(t, "18", text(doc.Find("#runs-panel-title + .panel-count")))
	require.Equal(t, "The newest 2 are shown. Show all 18 1 more, older than 7 days", text(doc.Find(".panel-foot")))

	rare := failuresOf(t)
	rare.Summary.FollowUpOlder = 1001
	require.Equal(t, "1 000 more runs ended in rarer ways: show all 1 001", text(html(t, ui.FailuresPage(page.Failures(rare))).Find("#failures-older").Closest("section").Find(".panel-foot a")))

	u, err := url.Parse(href(t, doc.Find("#failures-recent-reconciled tbody a")))
	require.NoError(t, err)
	list, err := links.Parse(u.Query())
	require.NoError(t, err)
	open := true
	require.Equal(t, links.List{
		Class: lifecycle.TerminalFollowUp, Open: &open, EndedFrom: now.Add(-models.Recent), Type: "inventory.sync", Outcome: lifecycle.Failed,
		Freshness: lifecycle.ReconciledFailed, Cause: lifecycle.NoWorkers, Failure: "-", AsOf: now,
	}, list)
}

func TestTriageTellsWhatThePlatformNeeds(t *testing.T) {
	t.Parallel()
	d := page.RunData{Frame: as(t, ""), Run: caseOf(t, "stuck, claimed")}
	d.Triage = page.TriageData{CanAsk: true, Group: &models.StuckGroup{Group: lifecycle.Group{Cause: lifecycle.NoWorkers, Queue: d.Run.Facts.Queue, Runs: 38}}}
	d.State.Breakers = map[string]lifecycle.Breaker{d.Run.Facts.Queue: {Open: true, Since: now.Add(-time.Minute)}}
	doc := html(t, ui.RunPage(page.Run(d)))
	triage := doc.Find("#triage-panel-title").Closest("section")
	require.Equal(t, "37 other runs are stuck for the same cause on this queue: show all 38", text(triage.Find(".triage-siblings a")))
	facts := strings.Join(texts(triage.Find(".facts > div")), "\n")
	for _, want := range []string{"Likely stuck since 14:02:", "Telemetry gap on its queue since 14:02:11", "Taken on by Ines Okafor", "Last reconciler pass 14:03:07"} {
		require.Contains(t, facts, want)
	}
	require.Equal(t, links.AskTemporal(d.Run.ID), href(t, triage.Find("a[hx-get]")), "works without scripts too")

	d.Frame = as(t, models.RoleOwner)
	require.Zero(t, html(t, ui.RunPage(page.Run(d))).Find("#triage-panel-title").Length(), "members are shown none of it")
}

func TestWhatTemporalSaysStandsBesideTheRecord(t *testing.T) {
	t.Parallel()
	ask := func(name string, said temporalclient.Said) string {
		doc := html(t, ui.AskedTemporal(page.Asked(page.AskedData{Run: caseOf(t, name), Now: now, Said: said})))
		return strings.Join(append(texts(doc.Find("p")), texts(doc.Find("tbody tr, .empty-title"))...), "\n")
	}
	running := temporalclient.Said{
		Answer: lifecycle.Answered, Execution: lifecycle.ExecRunning, RunID: "t1", Events: 1234, Took: 12 * time.Millisecond, StartedAt: now.Add(-time.Hour),
		Activities: []temporalclient.PendingActivity{{
			Name: "opstruth.execute", State: lifecycle.ActivityScheduled, Attempt: 4, NextTry: now.Add(time.Minute), Failure: "<i>refused</i>", Worker: "host-a",
		}},
		Pollers: []temporalclient.Poller{{Identity: "host-a", Kind: "activity tasks", At: now.Add(-time.Second)}},
	}
	text := ask("stuck: activity_retrying", running)
	for _, want := range []string{
		"They agree Both call it active. That Temporal says running does not mean that it advances.", "Asked at 14:03:11 UTC; it took 12 ms. Nothing was stored.",
		"State Likely stuck running", "History – 1 234 events", "opstruth.execute scheduled 4 next try 14:04:11 host-a <i>refused</i>", "host-a activity tasks 14:03:10",
	} {
		require.Contains(t, text, want)
	}
	running.Pollers, running.Execution, running.ClosedAt = nil, lifecycle.ExecTerminated, now
	text = ask("running", running)
	require.Contains(t, text, "They differ It has ended in Temporal; the record is told at the reconciler's next pass.")
	require.Contains(t, text, "Pollers of queue inventory – none seen for minutes")

	text = ask("running", temporalclient.Said{Answer: lifecycle.Unreachable, Problem: "no answer within 2s", Took: 2 * time.Second})
	require.Equal(t, "No answer Temporal did not answer, so nothing follows about this run.\nTemporal: no answer within 2s. Asked at 14:03:11 UTC; it took 2000 ms. Nothing was stored.", text)
	require.Contains(t, ask("failed", temporalclient.Said{Answer: lifecycle.NotFound}), "They agree")
	require.Contains(t, ask("running", temporalclient.Said{Answer: lifecycle.NotFound}), "They differ")
}

// Every number of the health page leads to its list, and every doubt to its run.
func TestHealthLeadsToWhatItCounts(t *testing.T) {
	t.Parallel()
	d := healthOf(t)
	d.Detection = models.Detection{Recorded: 3, Slowest: 4 * time.Second, Unrecorded: 2, Waiting: 13 * time.Second}
	d.State.Audit = models.Audit{At: now.Add(-5 * time.Second), Asked: 20, Answered: 19, Disagreements: 7, Doubts: map[string]models.Doubt{
		"01234567-89ab": {What: "status", Since: now.Add(-time.Minute), Confirmed: true}, "being written": {What: "ended", Since: now},
	}}
	doc := html(t, ui.HealthPage(page.Health(d)))
	checks := strings.Join(texts(doc.Find(".checks li")), "\n")
	require.Contains(t, checks, "Look at this Detection 2 of 5 silences wait to be recorded, the oldest for 13 s.")
	require.Contains(t, checks, "Look at this Truth audit One run differs from its workflow. 7 differences were found in all. Run …567-89ab, by its status, since 14:02:11 5 s ago")
	require.Equal(t, "/system/ops/runs/01234567-89ab", href(t, doc.Find(".checks a")))

	u, err := url.Parse(href(t, doc.Find("#queue-inventory a")))
	require.NoError(t, err)
	list, err := links.Parse(u.Query())
	require.NoError(t, err)
	yes := true
	require.Equal(t, links.List{Queue: "inventory", Active: &yes, AsOf: now}, list)

	d.State.Audit.Doubts = nil
	d.Detection = models.Detection{Recorded: 3, Slowest: 4 * time.Second}
	checks = strings.Join(texts(html(t, ui.HealthPage(page.Health(d))).Find(".checks li")), "\n")
	require.Contains(t, checks, "Good Detection Every silence is on record, the slowest 4 s after its deadline.")
	require.Contains(t, checks, "Good Truth audit The last comparison asked 20 workflows; 19 answered, and none contradicts the record. 7 differences were found in all.")
}
