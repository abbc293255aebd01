package links_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
)

func TestAFilterSurvivesItsLink(t *testing.T) {
	t.Parallel()

	open, lineage := true, false
	want := links.List{
		Workspace: "acme", Tenant: "north & south", Type: "inventory.sync", Status: lifecycle.Completed,
		Outcome: lifecycle.Failed, Freshness: lifecycle.TerminalNormal, Class: lifecycle.TerminalFollowUp,
		Cause: lifecycle.CauseNotKnown, Queue: "slow & low", Failure: "x: # of #", Active: &open, Open: &open, Lineage: &lineage, Initiator: "u1", Text: "50% done?",
		From: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), To: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC),
		Within: 24 * time.Hour, EndedWithin: 7 * 24 * time.Hour,
		EndedFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), EndedTo: time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC),
		AsOf: time.Date(2026, 1, 2, 3, 4, 5, 678000, time.UTC),
	}
	for _, plane := range []links.Plane{links.Admin, links.System} {
		u, err := url.Parse(links.RunsPage(plane, want, "c/1"))
		require.NoError(t, err)
		require.Equal(t, links.Runs(plane, links.List{}), u.Path)
		require.Equal(t, "c/1", u.Query().Get("cursor"))
		got, err := links.Parse(u.Query())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestARunsLinkKeepsClassAndScopeButNotTheClockReading(t *testing.T) {
	t.Parallel()

	from := links.List{Workspace: "acme", Class: lifecycle.ActiveStaleAttention, AsOf: time.Now()}
	require.Equal(t, "/admin/operations/r1?problem_class=active_stale_attention&workspace=acme", links.Run(links.Admin, "r1", from))
	require.Equal(t, "/system/ops/runs/r1", links.Run(links.System, "r1", links.List{}))
}

func TestParseNamesTheWrongParameter(t *testing.T) {
	t.Parallel()

	for name, value := range map[string]string{
		"status": "done", "outcome": "ok", "freshness": "new", "problem_class": "stuck", "cause": "bad_luck", "open": "maybe", "active": "perhaps", "ended_from": "noon", "ended_to": "x",
		"stale_lineage": "2", "entry": "dream", "within": "d", "ended_within": "7w", "from": "yesterday", "to": "1", "as_of": "now", "tenant": "north",
	} {
		_, err := links.Parse(url.Values{name: {value}})
		var bad *links.BadParam
		require.ErrorAs(t, err, &bad, name)
		require.Equal(t, name, bad.Name)
		require.Equal(t, value, bad.Value)
	}
}

func TestSignInLeadsOnlyToThisSite(t *testing.T) {
	t.Parallel()

	require.Equal(t, "/sign-in?next=%2Fadmin%2Foperations%3Fproblem_class%3Dnone", links.SignIn(links.Admin, "/admin/operations?problem_class=none"))
	for _, next := range []string{"https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "admin", "/a\nb", ""} {
		require.Equal(t, "/sign-in", links.SignIn(links.Admin, next), next)
	}
}

func TestTheTemporalLinkNamesTheVeryExecution(t *testing.T) {
	t.Parallel()

	require.Equal(t, "http://127.0.0.1:8233/namespaces/ops/workflows/opstruth-run-1/abc/history",
		links.TemporalUI("http://127.0.0.1:8233/", "ops", "opstruth-run-1", "abc"))
	require.Equal(t, "http://ui/namespaces/ops/workflows/w", links.TemporalUI("http://ui", "ops", "w", ""))
	require.Empty(t, links.TemporalUI("", "ops", "w", "r"))
}

func TestANotificationsLinkKeepsClassAndScopeAndItsWayBack(t *testing.T) {
	t.Parallel()

	href := links.FromNotification("r1", "acme", "north", lifecycle.TerminalFollowUp)
	require.Equal(t, "/admin/operations/r1?entry=notifications&problem_class=terminal_follow_up&tenant=north&workspace=acme", href)
	u, err := url.Parse(href)
	require.NoError(t, err)
	from, err := links.Parse(u.Query())
	require.NoError(t, err)
	require.Equal(t, links.FromNotifications, from.Entry)
	require.Equal(t, href, links.Run(links.Admin, "r1", from), "it is kept by what leads on from there")
	require.NotContains(t, links.Runs(links.Admin, from), "entry", "a list is no way back to itself")
	require.Equal(t, "/admin/operations/r1?entry=notifications&problem_class=none&workspace=acme", links.FromNotification("r1", "acme", "", lifecycle.NoProblem))
}

func TestNotificationsHaveTheirAddresses(t *testing.T) {
	t.Parallel()

	require.Equal(t, "/admin/notifications", links.Notifications(false))
	require.Equal(t, "/admin/notifications?cursor=c%2F1&unread=true", links.NotificationsPage(true, "c/1"))
	require.Equal(t, "/admin/notifications/read", links.ReadNotifications())
	require.Equal(t, "/admin/notifications/a%2Fb/read", links.ReadNotification("a/b"))
}
