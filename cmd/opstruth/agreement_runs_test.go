package main

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/apiclient"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
)

// sampled are runs of every state, cause, mark, freshness, class, type and place, and about n more, spread over all. If
// nothing is to be sampled, they are all.
func (a *agreed) sampled(n int) []*story {
	if everyRun {
		return a.stories
	}
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
	a.same(surface, s, "next step", s.nextStep(v), words(zone.Find(".next-text")))
	a.same(surface, s, "reconciliation", plain(s.truth.ReconciliationNote()), words(zone.Find(".reconciliation")))
	a.same(surface, s, "target", plain(s.run.Facts.Target), words(doc.Find(".heading-sub")))
	facts := map[string]string{}
	for _, line := range doc.Find("#facts-panel-title").Parent().Parent().Find("dl.facts > div").EachIter() {
		facts[words(line.Find("dt"))] = words(line.Find("dd"))
	}
	a.same(surface, s, "class", s.class, facts["Problem class"])
	a.same(surface, s, "freshness", s.freshness, facts["Freshness"])
	a.same(surface, s, "lineage", s.lineage, facts["Stuck"])
	if open := s.truth.ProblemClass == lifecycle.TerminalFollowUp && s.truth.Open; open != (facts["Follow-up"] == "Open") {
		a.differs("%s: follow-up of run %s: open %t, told %q", surface, s.run.ID, open, facts["Follow-up"])
	}
	if !strings.Contains(facts["Run"], s.run.ID) {
		a.differs("%s: %s is the page of another run than %s", surface, href, s.run.ID)
	}
	back := links.Runs(v.plane, a.parse(href))
	if a.parse(href).Entry == links.FromNotifications {
		back = links.Notifications(false)
	}
	if doc.Find(".crumbs a").FilterFunction(func(_ int, l *goquery.Selection) bool {
		return l.AttrOr("href", "") == back
	}).Length() != 1 {
		a.differs("%s: %s does not lead back to %s", surface, href, back)
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
		a.sameRun(v, "API by id, "+string(v.plane), s.run.ID, a.decode(a.get(v, apiRuns(v)+"/"+s.run.ID)))
	}
	for _, v := range []*visitor{a.member, a.owner, a.viewer, a.staff} {
		a.summary(v)
	}
	var stuck apiclient.StuckGroups
	require.NoError(a.t, json.Unmarshal([]byte(a.get(a.staff, "/api/v1/system/stuck")), &stuck))
	for _, g := range stuck.Groups {
		a.count(a.staff, "API: stuck", links.Runs(links.System, links.List{})+"?"+g.List, int(g.Runs))
	}
	a.count(a.staff, "API: stuck", links.Runs(links.System, links.List{})+"?"+stuck.List, int(stuck.Runs))
	var failures apiclient.FailureGroups
	require.NoError(a.t, json.Unmarshal([]byte(a.get(a.staff, "/api/v1/system/failures")), &failures))
	for _, g := range failures.Groups {
		a.count(a.staff, "API: failures", links.Runs(links.System, links.List{})+"?"+g.List, int(g.Runs))
	}
	a.count(a.staff, "API: failures", links.Runs(links.System, links.List{})+"?"+failures.List, int(failures.Runs))
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
			a.sameRun(v, surface, run.Id, run)
		}
		if page.NextCursor == nil || len(ids) > len(a.stories) {
			break
		}
		query.Set("cursor", *page.NextCursor)
	}
	a.sameRuns(surface, a.on(v, l), ids)
}

func (a *agreed) sameRun(v *visitor, surface, id string, told apiclient.Run) {
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
		{"cause", string(s.truth.Cause), cause}, {"next step", s.nextStep(v), plain(told.NextStep.Text)},
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

// commandLine reads all runs as JSON, all of each class as tables, and each sampled run by show.
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
				a.sameRun(v, "command: list --json, "+v.name, run.Id, run)
			}
			if more = page.NextCursor != nil; more {
				cursor = *page.NextCursor
			}
		}
		a.sameRuns("command: list, "+v.name, a.on(v, links.List{}), ids)
		for _, c := range lifecycle.ProblemClasses() {
			a.tables(v, c, append([]string{"list", "--problem-class", string(c), "--limit", "200"}, plane...))
		}
		for _, s := range a.sampled(alone) {
			a.card(v, s, a.says(v, append([]string{"show", s.run.ID}, plane...)...))
		}
	}
}

func (a *agreed) says(v *visitor, args ...string) string {
	s := a.doesAs(v.token, args...)
	require.Zero(a.t, s.code, "%v: %s", args, s.err)
	return s.out
}

var goOn = regexp.MustCompile(`--cursor (\S+)`)

// tables reads a list as tables, one after the other.
func (a *agreed) tables(v *visitor, c lifecycle.ProblemClass, args []string) {
	surface := "command: list, " + v.name
	var ids []string
	for from := args; from != nil; {
		s := a.doesAs(v.token, from...)
		require.Zero(a.t, s.code, "%v: %s", from, s.err)
		ids = append(ids, a.table(surface, s.out)...)
		if from = nil; len(ids) <= len(a.stories) {
			if more := goOn.FindStringSubmatch(s.err); more != nil {
				from = append(slices.Clone(args), "--cursor", more[1])
			}
		}
	}
	a.sameRuns(surface+", "+string(c), a.on(v, links.List{Class: c}), ids)
}

func (a *agreed) table(surface, out string) (ids []string) {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	head := columns.Split(lines[0], -1)
	for _, line := range lines[1:] {
		cells := columns.Split(line, -1)
		require.Len(a.t, cells, len(head), line)
		s := a.byID[cells[0]]
		require.NotNil(a.t, s, line)
		ids = append(ids, s.run.ID)
		a.told[surface]++
		for i, want := range map[int]string{
			5: s.badge, 6: string(s.truth.ProblemClass), 7: string(s.truth.Freshness), 10: cell(s.marks), 11: clean(s.truth.Headline()),
		} {
			a.same(surface, s, head[i], want, cells[i])
		}
	}
	return ids
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
		"id": s.run.ID, "badge": s.badge, "headline": clean(s.truth.Headline()), "next_step": clean(s.nextStep(v)), "marks": clean(s.marks),
		"problem_class": string(s.truth.ProblemClass), "freshness": string(s.truth.Freshness), "stale_lineage": strconv.FormatBool(s.truth.StaleLineage),
		"open": map[bool]string{true: strconv.FormatBool(s.truth.Open)}[s.truth.ProblemClass == lifecycle.TerminalFollowUp],
	} {
		a.same(surface, s, name, want, told[name])
	}
}
