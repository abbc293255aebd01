package main

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/apiclient"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
)

// notifications reads everybody's messages from their page, the API and the command line: one for each ended run that is
// theirs, in the words of its truth, with a link to its page on its class and in its place. Then all are read at once.
func (a *agreed) notifications() {
	for _, v := range []*visitor{a.owner, a.viewer, a.member} {
		want := a.messagesOf(v)
		a.sameRuns("notifications, "+v.name, want, a.notificationPages(v))
		a.sameRuns("API: notifications, "+v.name, want, a.notificationsOfAPI(v))
		a.sameRuns("command: notifications, "+v.name, want[:min(200, len(want))], a.notificationsOfCommand(v))
		a.bell(v, len(want))
		said := a.notes(v, "read", "--all")
		require.Equal(a.t, "unread  0", strings.TrimSpace(said))
		a.bell(v, 0)
	}
}

// messagesOf are the runs that somebody must have been told of, the last that ended first.
func (a *agreed) messagesOf(v *visitor) []string {
	var mine []*story
	for _, s := range a.stories {
		own := s.run.InitiatorID == v.user.ID || s.run.InitiatorID == "" && v != a.viewer
		if s.run.Facts.Status == lifecycle.Completed && v.sees(&s.run) && own {
			mine = append(mine, s)
		}
	}
	slices.SortFunc(mine, func(x, y *story) int {
		if d := y.run.Facts.CompletedAt.Compare(x.run.Facts.CompletedAt); d != 0 {
			return d
		}
		return strings.Compare(y.run.ID, x.run.ID)
	})
	ids := make([]string, len(mine))
	for i, s := range mine {
		ids[i] = s.run.ID
	}
	return ids
}

// messageOf is what a message tells of a run: what happened, its class and that it was stuck once, where its badge does
// not say so, and what to do.
func (s *story) messageOf(v *visitor) string {
	told := s.headline + "."
	if s.truth.ProblemClass != lifecycle.NoProblem {
		told += " " + s.class + "."
	}
	if s.truth.StaleLineage && s.truth.Freshness != lifecycle.ReconciledFailed {
		told += " Was stuck."
	}
	return plain(told + " " + s.nextStep(v))
}

// destinationOf is where a message must lead, told without the builder of links.
func (s *story) destinationOf() string {
	q := url.Values{"entry": {"notifications"}, "problem_class": {string(s.truth.ProblemClass)}, "workspace": {s.run.WorkspaceSlug}}
	if s.run.TenantSlug != "" {
		q.Set("tenant", s.run.TenantSlug)
	}
	return runPage[links.Admin] + s.run.ID + "?" + q.Encode()
}

func (a *agreed) notificationPages(v *visitor) (ids []string) {
	surface := "notifications, " + v.name
	for at := links.Notifications(false); at != ""; {
		doc := a.page(v, at)
		for _, row := range doc.Find("#notifications tbody tr").EachIter() {
			id := row.AttrOr("data-run", "")
			ids = append(ids, id)
			s, known := a.byID[id]
			if !known {
				a.differs("%s shows a run %q that is not stored", surface, id)
				continue
			}
			a.told[surface]++
			href := row.Find("a").AttrOr("href", "")
			for _, x := range []struct{ what, want, got string }{
				{"badge", s.badge, words(row.Find(".tag").First())}, {"marks", s.marks, joined(row.Find(".tag").Slice(1, goquery.ToEnd))},
				{"message", s.messageOf(v), words(row.Find(".row-message"))}, {"target", plain(s.run.Facts.Target), words(row.Find(".row-target"))},
				{"destination", s.destinationOf(), href}, {"unread", "true", strconv.FormatBool(row.Is(".unread"))},
			} {
				a.same(surface, s, x.what, x.want, x.got)
			}
			if len(ids)%2 == 0 { // the others are opened from lists
				a.doors[links.Admin][id] = href
			}
		}
		at = doc.Find("nav.pager a[rel=next]").AttrOr("href", "")
		require.LessOrEqual(a.t, len(ids), len(a.stories), "the pages do not end")
	}
	return ids
}

func (a *agreed) notificationsOfAPI(v *visitor) (ids []string) {
	surface, query := "API: notifications, "+v.name, url.Values{"limit": {"200"}, "unread": {"true"}}
	for {
		var page apiclient.NotificationList
		require.NoError(a.t, json.Unmarshal([]byte(a.get(v, "/api/v1/notifications?"+query.Encode())), &page))
		for _, n := range page.Notifications {
			ids = append(ids, n.Run)
			s, known := a.byID[n.Run]
			if !known {
				a.differs("%s tells a run %q that is not stored", surface, n.Run)
				continue
			}
			a.told[surface]++
			for _, x := range []struct{ what, want, got string }{
				{"badge", s.badge, n.Badge}, {"marks", s.marks, plain(strings.Join(n.Marks, ", "))}, {"message", s.messageOf(v), plain(n.Text)},
				{"title", s.badge + ": " + s.run.Facts.Type, strings.SplitN(n.Title, " for ", 2)[0]},
				{"class", string(s.truth.ProblemClass), string(n.ProblemClass)}, {"destination", s.destinationOf(), n.Link},
				{"lineage", strconv.FormatBool(s.truth.StaleLineage), strconv.FormatBool(n.StaleLineage)}, {"read", "false", strconv.FormatBool(n.Read)},
			} {
				a.same(surface, s, x.what, x.want, x.got)
			}
		}
		if page.NextCursor == nil || len(ids) > len(a.stories) {
			return ids
		}
		query.Set("cursor", *page.NextCursor)
	}
}

func (a *agreed) notes(v *visitor, args ...string) string {
	s := executed(a.t.Context(), append(append([]string{"notifications"}, args...), "--url", a.address, "--token", v.token)...)
	require.Zero(a.t, s.code, "%v: %s", args, s.err)
	return s.out
}

func (a *agreed) notificationsOfCommand(v *visitor) (ids []string) {
	surface := "command: notifications, " + v.name
	lines := strings.Split(strings.TrimSpace(a.notes(v, "list", "--unread", "--limit", "200")), "\n")
	for _, line := range lines[1:] {
		cells := columns.Split(line, -1)
		require.Len(a.t, cells, 5, line)
		s := a.byID[cells[0]]
		require.NotNil(a.t, s, line)
		ids = append(ids, cells[0])
		a.told[surface]++
		title, text := s.truth.Notification()
		a.same(surface, s, "title", clean(title), cells[3])
		a.same(surface, s, "message", clean(text), cells[4])
	}
	return ids
}

// bell is the number that every page shows of how many are unread.
func (a *agreed) bell(v *visitor, unread int) {
	want := ""
	switch {
	case unread > 99:
		want = "99+"
	case unread > 0:
		want = strconv.Itoa(unread)
	}
	for _, at := range []string{links.Notifications(false), links.Runs(links.Admin, links.List{})} {
		if got := words(a.page(v, at).Find("#bell")); got != want {
			a.differs("%s at %s: the bell says %q of %d", v.name, at, got, unread)
		}
	}
}
