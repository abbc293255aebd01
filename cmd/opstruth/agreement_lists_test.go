package main

import (
	"cmp"
	"encoding/csv"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// lists reads both planes' lists on all their pages, the admin plane's whole and the system plane's class by class; the
// beginning of every other list that can be asked for, and the rest of those as files.
func (a *agreed) lists() {
	a.walk(a.member, "list, "+a.member.name, links.Runs(links.Admin, links.List{}), len(a.stories))
	for _, c := range lifecycle.ProblemClasses() {
		a.walk(a.staff, "list, "+a.staff.name, links.Runs(links.System, links.List{Class: c}), len(a.stories))
		a.list(a.member, "list, "+a.member.name, links.Runs(links.Admin, links.List{Class: c}))
	}
	for i, l := range a.filters() {
		v := []*visitor{a.member, a.staff, a.owner, a.viewer}[i%4]
		a.list(v, "list, "+v.name, links.Runs(v.plane, l))
	}
	for _, v := range []*visitor{a.member, a.owner, a.viewer, a.staff} {
		a.list(v, "list, "+v.name, links.Runs(v.plane, links.List{}))
		a.file(v, links.List{})
	}
}

// filters are lists by everything that is derived or counted by.
func (a *agreed) filters() []links.List {
	yes, no := true, false
	all := []links.List{{Open: &yes}, {Open: &no}, {Lineage: &yes}, {Lineage: &no}, {Active: &yes}, {Active: &no}}
	for _, f := range lifecycle.Freshnesses() {
		all = append(all, links.List{Freshness: f}, links.List{Freshness: f, Lineage: &yes})
	}
	for _, o := range lifecycle.Outcomes() {
		all = append(all, links.List{Outcome: o})
	}
	for _, s := range lifecycle.Statuses() {
		all = append(all, links.List{Status: s})
	}
	for _, c := range lifecycle.FilterCauses() {
		all = append(all, links.List{Cause: c}, links.List{Cause: c, Class: lifecycle.ActiveStaleAttention})
	}
	return append(all, links.List{Text: "BOLD"}, links.List{Text: "الشرق"}, links.List{Type: "retired.type", Within: 48 * time.Hour},
		links.List{Initiator: a.crowd.Member.ID, EndedWithin: 48 * time.Hour}, links.List{From: a.now.Add(-time.Hour), To: a.now.Add(-time.Minute)})
}

// list reads a list as people do who want to see its end: on its pages while there are few, and then as a file. It
// returns its ids.
func (a *agreed) list(v *visitor, surface, href string) []string {
	return a.walk(v, surface, href, 2)
}

// walk reads up to so many pages of a list, what is left as a file, and compares both with what must be on it.
func (a *agreed) walk(v *visitor, surface, href string, pages int) []string {
	key := v.name + " " + href
	if ids, done := a.walked[key]; done {
		return ids
	}
	l := a.parse(href)
	want, ids := a.on(v, l), []string{}
	at, file := href, ""
	for n := 0; at != "" && n < pages; n++ {
		doc := a.page(v, at)
		if n == 0 {
			file = doc.Find("a[download]").AttrOr("href", "")
			if l.Failure == "" { // its head counts what no reader counts
				a.numbersOn(v, at, doc)
			}
		}
		ids = append(ids, a.rows(v, surface, doc.Find("tr[data-run]"), l)...)
		at = doc.Find("nav.pager a[rel=next]").AttrOr("href", "")
	}
	if at == "" {
		a.sameRuns(surface+" "+href, want, ids)
	} else {
		a.sameRuns(surface+" "+href, want[:min(len(want), len(ids))], ids)
		require.Equal(a.t, links.RunsExport(v.plane, l), file)
		ids = a.file(v, l)
	}
	a.walked[key] = ids
	return ids
}

// runPage is where runs are, told without the builder of links.
var runPage = map[links.Plane]string{links.Admin: "/admin/operations/", links.System: "/system/ops/runs/"}

// rows compares the rows of a table of runs, each of which leads to its run and carries the list.
func (a *agreed) rows(v *visitor, surface string, rows *goquery.Selection, from links.List) []string {
	var ids []string
	for _, row := range rows.EachIter() {
		id := row.AttrOr("data-run", "")
		ids = append(ids, id)
		s, known := a.byID[id]
		if !known {
			a.differs("%s shows a run %q that is not stored", surface, id)
			continue
		}
		a.told[surface]++
		a.same(surface, s, "badge", s.badge, words(row.Find(".cell-state .tag").First()))
		a.same(surface, s, "marks", s.marks, joined(row.Find(".cell-state .tag").Slice(1, goquery.ToEnd)))
		a.same(surface, s, "class", s.class, cmp.Or(words(row.Find(".row-class")), classOf(words(row.Find(".cell-state .tag").First()))))
		a.same(surface, s, "freshness", s.freshness, row.Find(".row-state").AttrOr("title", ""))
		a.same(surface, s, "next step", s.needed(v), strings.TrimPrefix(words(row.Find(".row-next")), "Next step: "))
		a.same(surface, s, "headline", s.headline, words(row.Find(".row-headline")))
		a.same(surface, s, "target", plain(s.run.Facts.Target), words(row.Find(".row-target")))
		if column := row.Find(".cell-lineage"); column.Length() > 0 {
			a.same(surface, s, "lineage", s.lineage, words(column))
		}
		href := row.Find("a").AttrOr("href", "")
		to, at := a.parse(href), from
		at.AsOf = time.Time{} // a run is shown as it is now
		a.same(surface, s, "destination", runPage[v.plane]+id+"?"+at.Values().Encode(), strings.SplitN(href, "?", 2)[0]+"?"+to.Values().Encode())
		if len(from.Values()) > 0 || a.doors[v.plane][id] == "" {
			a.doors[v.plane][id] = href // mostly one that carries a filter
		}
	}
	return ids
}

// classOf is the class that a badge says by itself where nothing stands beside it: its own name, or that there is none.
func classOf(badge string) string {
	for _, c := range lifecycle.ProblemClasses() {
		if c.Label() == badge {
			return badge
		}
	}
	return lifecycle.NoProblem.Label()
}

func joined(tags *goquery.Selection) string {
	return strings.Join(tags.Map(func(_ int, s *goquery.Selection) string { return words(s) }), ", ")
}

func (a *agreed) parse(href string) links.List {
	u, err := url.Parse(href)
	require.NoError(a.t, err)
	l, err := links.Parse(u.Query())
	require.NoError(a.t, err)
	if !l.AsOf.IsZero() && !l.AsOf.Equal(a.now) {
		a.differs("%s is of another clock reading than %s", href, a.now)
	}
	return l
}

// sameRuns compares a list with what must be on it, in order.
func (a *agreed) sameRuns(surface string, want, got []string) {
	if slices.Equal(want, got) {
		return
	}
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			a.differs("%s: want %d runs, got %d; they part at number %d", surface, len(want), len(got), i+1)
			return
		}
	}
}

// on is the ids of the runs that must be on a list, in order.
func (a *agreed) on(v *visitor, l links.List) []string {
	ids := []string{}
	for _, s := range a.stories {
		if v.sees(&s.run) && a.matches(l, s) {
			ids = append(ids, s.run.ID)
		}
	}
	return ids
}

// matches is the filter once more, on the truth.
func (a *agreed) matches(l links.List, s *story) bool {
	r, t, f := &s.run, &s.truth, &s.run.Facts // not copied: this is asked millions of times
	cause := l.Cause
	if cause == lifecycle.CauseNotKnown {
		cause = lifecycle.NoCause
	}
	at := func(want *bool, is bool) bool { return want == nil || *want == is }
	ends := l.EndedFrom.IsZero() && l.EndedTo.IsZero() && l.EndedWithin == 0 || f.Status == lifecycle.Completed
	return fits(l.Workspace, r.WorkspaceSlug) && fits(l.Tenant, r.TenantSlug) && fits(l.Type, f.Type) && fits(l.Status, f.Status) &&
		fits(l.Outcome, f.Outcome) && fits(l.Freshness, t.Freshness) && fits(l.Class, t.ProblemClass) && (l.Cause == "" || cause == t.Cause) &&
		fits(l.Queue, f.Queue) && (l.Failure == "" || l.Failure == failureKey(f)) && fits(l.Initiator, r.InitiatorID) && at(l.Active, f.Status.Active()) &&
		at(l.Open, t.Open) && at(l.Lineage, t.StaleLineage) && (l.Text == "" || strings.Contains(strings.ToLower(f.Type+" "+f.Target), strings.ToLower(l.Text))) &&
		!f.QueuedAt.Before(l.From) && (l.To.IsZero() || f.QueuedAt.Before(l.To)) && (l.Within == 0 || !f.QueuedAt.Before(a.now.Add(-l.Within))) &&
		ends && !f.CompletedAt.Before(l.EndedFrom) && (l.EndedTo.IsZero() || f.CompletedAt.Before(l.EndedTo)) &&
		(l.EndedWithin == 0 || !f.CompletedAt.Before(a.now.Add(-l.EndedWithin)))
}

// fits reports whether a value is the one that is asked for, if one is.
func fits[T ~string](want, is T) bool { return want == "" || want == is }

func failureKey(f *lifecycle.Facts) string {
	if f.Status.Active() {
		return string(models.NoReason)
	}
	return cmp.Or(f.FailureReason(), string(models.NoReason))
}

// file reads a list as a file for spreadsheets, and returns its ids.
func (a *agreed) file(v *visitor, l links.List) []string {
	surface := "file, " + v.name
	body, marked := strings.CutPrefix(a.get(v, links.RunsExport(v.plane, l)), "\ufeff")
	require.True(a.t, marked)
	records, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(a.t, err)
	var ids []string
	for _, record := range records[1:] {
		cell := func(name string) string { return plain(record[slices.Index(records[0], name)]) }
		s, known := a.byID[record[0]]
		if !known {
			a.differs("%s tells a run %q that is not stored", surface, record[0])
			continue
		}
		a.told[surface]++
		ids = append(ids, s.run.ID)
		for name, want := range map[string]string{
			"State": s.badge, "Marks": s.marks, "Headline": s.headline, "Stuck": s.lineage, "Next step": s.nextStep(v),
			"Problem class": s.class, "Freshness": s.freshness,
			"Status": s.run.Facts.Status.Badge().Label, "Outcome": s.run.Facts.Outcome.Badge().Label, "Open": map[bool]string{true: "yes", false: "no"}[s.truth.Open],
		} {
			a.same(surface, s, name, want, cell(name))
		}
	}
	a.sameRuns(surface+" of "+links.Runs(v.plane, l), a.on(v, l), ids)
	return ids
}
