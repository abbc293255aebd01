package main

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/apiclient"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// sampled are runs of every state, cause, mark, freshness, class, type and place, and about n more, spread over all.
func (a *agreed) sampled(n int) []*story {
	seen, step := map[string]bool{}, max(1, len(a.stories)/n)
	var some []*story
	for i, s := range a.stories {
		r, t := s.run, s.truth
		keys := []string{
			string(t.State) + " for " + string(t.Cause), string(t.Freshness) + " " + string(t.ProblemClass), r.Facts.Type, r.Facts.Queue,
			r.WorkspaceSlug + "/" + r.TenantSlug, r.Facts.Target, strconv.FormatBool(t.StaleLineage) + strconv.FormatBool(t.Open) + string(t.State),
		}
		for _, m := range t.Marks() {
			keys = append(keys, "mark "+m.Label)
		}
		if r.Facts.RetryOf != "" {
			keys = append(keys, "a retry of a "+string(a.byID[r.Facts.RetryOf].truth.State))
		}
		is := i%step == 0
		for _, key := range keys {
			is, seen[key] = is || !seen[key], true
		}
		if is {
			some = append(some, s)
		}
	}
	return some
}

// details follows a link to each sampled run on both planes, as a surface had it.
func (a *agreed) details() {
	for _, s := range a.sampled(alone) {
		for _, v := range []*visitor{a.member, a.staff} {
			a.detail(v, s, a.doors[v.plane][s.run.ID])
		}
		if a.viewer.sees(&s.run) {
			a.detail(a.viewer, s, links.Run(links.Admin, s.run.ID, links.List{}))
		}
	}
}

func (a *agreed) detail(v *visitor, s *story, href string) {
	surface := "detail, " + string(v.plane)
	doc := a.page(v, href)
	a.told[surface]++
	zone := doc.Find("#decision")
	a.same(surface, s, "badge", s.badge, words(zone.Find(".tag").First()))
	a.same(surface, s, "marks", s.marks, joined(zone.Find(".tag").Slice(1, goquery.ToEnd)))
	a.same(surface, s, "headline", s.headline, words(zone.Find("#decision-headline")))
	a.same(surface, s, "next step", s.nextStep, words(zone.Find(".next-text")))
	a.same(surface, s, "reconciliation", plain(s.truth.ReconciliationNote()), words(zone.Find(".reconciliation")))
	a.same(surface, s, "target", plain(s.run.Facts.Target), words(doc.Find(".heading-sub")))
	if !strings.Contains(doc.Find("#facts-panel-title").Parent().Parent().Text(), s.run.ID) {
		a.differs("%s: %s is the page of another run than %s", surface, href, s.run.ID)
	}
	if list := links.Runs(v.plane, a.parse(href)); doc.Find(".crumbs a").FilterFunction(func(_ int, l *goquery.Selection) bool {
		return l.AttrOr("href", "") == list
	}).Length() != 1 {
		a.differs("%s: %s does not lead back to %s", surface, href, list)
	}
	for _, relative := range doc.Find("ul.lineage a").EachIter() {
		u, err := url.Parse(relative.AttrOr("href", ""))
		require.NoError(a.t, err)
		other := a.byID[u.Path[strings.LastIndexByte(u.Path, '/')+1:]]
		require.NotNil(a.t, other, u.Path)
		a.same(surface+", related", other, "badge", other.badge, words(relative)[strings.LastIndex(words(relative), ": ")+2:])
	}
	a.numbersOn(v, href, doc)
}

// api reads the lists by their cursors, each run by its id, the numbers and the groups.
func (a *agreed) api() {
	for _, v := range []*visitor{a.member, a.owner, a.viewer, a.staff} {
		a.apiList(v, links.List{})
	}
	for _, c := range lifecycle.ProblemClasses() {
		a.apiList(a.member, links.List{Class: c})
		a.apiList(a.staff, links.List{Class: c, Workspace: "strange"})
	}
	for i, s := range a.sampled(3 * alone) {
		v := []*visitor{a.member, a.staff}[i%2]
		a.sameRun("API by id, "+string(v.plane), s.run.ID, a.decode(a.get(v, apiRuns(v)+"/"+s.run.ID)))
	}
	for _, v := range []*visitor{a.member, a.owner, a.viewer, a.staff} {
		a.summary(v)
	}
	var stuck apiclient.StuckGroups
	require.NoError(a.t, json.Unmarshal([]byte(a.get(a.staff, "/api/v1/system/stuck")), &stuck))
	for _, g := range stuck.Groups {
		a.count(a.staff, "API: stuck", links.Runs(links.System, links.List{})+"?"+g.List, int(g.Runs))
	}
}

func apiRuns(v *visitor) string {
	if v.plane == links.System {
		return "/api/v1/system/runs"
	}
	return "/api/v1/runs"
}

func (a *agreed) decode(body string) apiclient.Run {
	var run apiclient.Run
	require.NoError(a.t, json.Unmarshal([]byte(body), &run))
	return run
}

func (a *agreed) apiList(v *visitor, l links.List) {
	surface := "API list, " + v.name
	query, ids := l.Values(), []string{}
	query.Set("limit", "200")
	for {
		var page apiclient.RunList
		require.NoError(a.t, json.Unmarshal([]byte(a.get(v, apiRuns(v)+"?"+query.Encode())), &page))
		for _, run := range page.Runs {
			ids = append(ids, run.Id)
			a.sameRun(surface, run.Id, run)
		}
		if page.NextCursor == nil || len(ids) > len(a.stories) {
			break
		}
		query.Set("cursor", *page.NextCursor)
	}
	a.sameRuns(surface, a.on(v, l), ids)
}

func (a *agreed) sameRun(surface, id string, told apiclient.Run) {
	s, known := a.byID[told.Id]
	if !known || told.Id != id {
		a.differs("%s tells run %q where %s was asked for", surface, told.Id, id)
		return
	}
	a.told[surface]++
	cause := ""
	if told.Cause != nil {
		cause = string(*told.Cause)
	}
	for _, x := range []struct{ what, want, got string }{
		{"badge", s.badge, told.Badge}, {"headline", s.headline, plain(told.Headline)}, {"marks", s.marks, plain(strings.Join(told.Marks, ", "))},
		{"class", string(s.truth.ProblemClass), string(told.ProblemClass)}, {"freshness", string(s.truth.Freshness), string(told.Freshness)},
		{"cause", string(s.truth.Cause), cause}, {"next step", s.nextStep, plain(told.NextStep.Text)},
		{"status", string(s.run.Facts.Status), string(told.Status)}, {"outcome", string(s.run.Facts.Outcome), string(told.Outcome)},
		{"open", strconv.FormatBool(s.truth.Open), strconv.FormatBool(told.Open)},
		{"lineage", strconv.FormatBool(s.truth.StaleLineage), strconv.FormatBool(told.StaleLineage)},
	} {
		a.same(surface, s, x.what, x.want, x.got)
	}
}

func (a *agreed) summary(v *visitor) {
	path := strings.TrimSuffix(apiRuns(v), "/runs") + "/summary"
	for _, place := range []string{"", "?workspace=acme", "?workspace=acme&tenant=north"} {
		var sum apiclient.Summary
		require.NoError(a.t, json.Unmarshal([]byte(a.get(v, path+place)), &sum))
		for query, n := range map[string]int64{
			sum.Lists.Active: sum.Active, sum.Lists.Queued: sum.Queued, sum.Lists.Running: sum.Running, sum.Lists.ActiveStaleAttention: sum.ActiveStaleAttention,
			sum.Lists.TerminalFollowUp: sum.TerminalFollowUp, sum.Lists.TerminalFollowUpRecent: sum.TerminalFollowUpRecent,
			sum.Lists.TerminalFollowUpOlder: sum.TerminalFollowUpOlder, sum.Lists.Succeeded24h: sum.Succeeded24h,
		} {
			a.count(v, path+place, links.Runs(v.plane, links.List{})+"?"+query, int(n))
		}
	}
}

var columns = regexp.MustCompile(` {2,}`)

// commandLine reads all runs as JSON, a page of each class as a table, and each sampled run by show.
func (a *agreed) commandLine() {
	for _, v := range []*visitor{a.member, a.staff} {
		plane := []string{}
		if v.plane == links.System {
			plane = append(plane, "--system")
		}
		var ids []string
		for cursor, more := "", true; more; {
			args := append([]string{"list", "--json", "--limit", "200"}, plane...)
			if cursor != "" {
				args = append(args, "--cursor", cursor)
			}
			var page apiclient.RunList
			require.NoError(a.t, json.Unmarshal([]byte(a.says(v, args...)), &page))
			for _, run := range page.Runs {
				ids = append(ids, run.Id)
				a.sameRun("command: list --json, "+v.name, run.Id, run)
			}
			if more = page.NextCursor != nil; more {
				cursor = *page.NextCursor
			}
		}
		a.sameRuns("command: list, "+v.name, a.on(v, links.List{}), ids)
		for _, c := range lifecycle.ProblemClasses() {
			a.table(v, c, a.says(v, append([]string{"list", "--problem-class", string(c), "--limit", "200"}, plane...)...))
		}
		for i, s := range a.sampled(alone) {
			if i%2 == len(plane) { // half of them on each plane
				a.card(v, s, a.says(v, append([]string{"show", s.run.ID}, plane...)...))
			}
		}
	}
}

func (a *agreed) says(v *visitor, args ...string) string {
	s := a.doesAs(v.token, args...)
	require.Zero(a.t, s.code, "%v: %s", args, s.err)
	return s.out
}

func (a *agreed) table(v *visitor, c lifecycle.ProblemClass, out string) {
	surface := "command: list, " + v.name
	lines := strings.Split(strings.TrimSpace(out), "\n")
	head := columns.Split(lines[0], -1)
	var ids []string
	for _, line := range lines[1:] {
		cells := columns.Split(line, -1)
		require.Len(a.t, cells, len(head), line)
		s := a.byID[cells[0]]
		require.NotNil(a.t, s, line)
		ids = append(ids, s.run.ID)
		a.told[surface]++
		for i, want := range map[int]string{5: s.badge, 8: dash(clean(s.marks)), 9: clean(s.headline)} {
			a.same(surface, s, head[i], want, cells[i])
		}
	}
	want := a.on(v, links.List{Class: c})
	a.sameRuns(surface+", "+string(c), want[:min(len(want), 200)], ids)
}

func (a *agreed) card(v *visitor, s *story, out string) {
	surface := "command: show, " + v.name
	told := map[string]string{}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, twice := told[name]; !twice {
			told[name] = strings.TrimSpace(value)
		}
	}
	a.told[surface]++
	for name, want := range map[string]string{
		"id": s.run.ID, "badge": s.badge, "headline": clean(s.headline), "next_step": clean(s.nextStep), "marks": clean(s.marks),
	} {
		a.same(surface, s, name, want, told[name])
	}
}

// notifications reads everybody's messages: one for each ended run that is theirs, in the words of its truth, and with
// a link to its page.
func (a *agreed) notifications() {
	scopes := map[*visitor]models.Scope{a.owner: a.world.OwnerScope, a.viewer: a.world.ViewerScope}
	members, err := a.store.Memberships(a.t.Context(), a.crowd.Member.ID)
	require.NoError(a.t, err)
	var grants []models.Grant
	for _, m := range members {
		grants = append(grants, m.Grant())
	}
	scopes[a.member] = models.Member(grants...)
	for v, scope := range scopes {
		surface, got := "notifications, "+v.name, map[string]bool{}
		page := models.Page{Limit: 500}
		for {
			notes, next, err := a.store.Notifications(a.t.Context(), scope, v.user.ID, page)
			require.NoError(a.t, err)
			for _, n := range notes {
				a.note(surface, n)
				if got[n.RunID] {
					a.differs("%s: run %s has two", surface, n.RunID)
				}
				got[n.RunID] = true
			}
			if page.Cursor = next; next == "" {
				break
			}
		}
		want := 0
		for _, s := range a.stories {
			mine := s.run.InitiatorID == v.user.ID || s.run.InitiatorID == "" && v != a.viewer
			if s.run.Facts.Status == lifecycle.Completed && v.sees(&s.run) && mine {
				if want++; !got[s.run.ID] {
					a.differs("%s: none for run %s", surface, s.run.ID)
				}
			}
		}
		if want != len(got) {
			a.differs("%s: want %d, got %d", surface, want, len(got))
		}
	}
}

func (a *agreed) note(surface string, n models.Notification) {
	s := a.byID[n.RunID]
	title, body := n.Run.Truth(a.now).Notification()
	a.told[surface]++
	if !strings.HasPrefix(title, s.badge+": ") {
		a.same(surface, s, "title", s.badge+": …", title)
	}
	want := s.headline + "."
	if s.truth.ProblemClass != lifecycle.NoProblem {
		want += " " + s.truth.ProblemClass.Label() + "."
	}
	if !strings.HasPrefix(plain(body), want) || !strings.HasSuffix(plain(body), s.nextStep) {
		a.same(surface, s, "body", want+" … "+s.nextStep, plain(body))
	}
	if _, has := a.doors[links.Admin][n.RunID]; !has {
		a.doors[links.Admin][n.RunID] = links.Run(links.Admin, n.RunID, links.List{})
	}
}
