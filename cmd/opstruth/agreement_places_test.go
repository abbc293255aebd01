package main

import (
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
)

// How many runs a place shows.
const (
	bucketRows  = 5 // of each class that needs attention
	recentRows  = 10
	overlayRows = 5 // over its pages
)

// places reads the overviews of all workspaces and the dashboards of all tenants: numbers, attention, recent runs,
// history, and the active runs over them.
func (a *agreed) places() {
	for _, v := range []*visitor{a.member, a.viewer} {
		for _, path := range a.pathsOf(v) {
			doc := a.page(v, links.History(path, 14))
			a.numbersOn(v, path, doc)
			base := links.List{}
			if parts := strings.Split(path, "/"); len(parts) > 5 {
				base.Workspace, base.Tenant = parts[3], parts[5]
			} else {
				base.Workspace = parts[3]
			}
			a.place(v, doc, base)
			a.numbersOn(v, path, a.over(v, base))
		}
	}
	for _, v := range []*visitor{a.member, a.owner, a.viewer} {
		a.numbersOn(v, "the overlay of all", a.over(v, links.List{}))
	}
	for _, path := range []string{links.Workspace("acme"), links.Tenant("strange", "rtl")} { // the longer history
		href := links.History(path, 30)
		a.numbersOn(a.member, href, a.page(a.member, href))
	}
}

func (a *agreed) pathsOf(v *visitor) []string {
	if v == a.viewer {
		return []string{links.Workspace("acme"), links.Tenant("acme", "north")}
	}
	return []string{
		links.Workspace("acme"), links.Tenant("acme", "north"), links.Tenant("acme", "south"), links.Workspace("globex"), links.Tenant("globex", "west"),
		links.Workspace("strange"), links.Tenant("strange", "html"), links.Tenant("strange", "rtl"), links.Tenant("strange", "long"),
	}
}

// stuckIn and endedIn are what needs attention in a place.
func stuckIn(base links.List) links.List {
	base.Class = lifecycle.ActiveStaleAttention
	return base
}

func (a *agreed) endedIn(base links.List) links.List {
	yes := true
	base.Class, base.Open, base.EndedFrom = lifecycle.TerminalFollowUp, &yes, a.now.Add(-models.Recent)
	return base
}

// place compares the rows of a workspace's or a tenant's page, and how many stand behind them.
func (a *agreed) place(v *visitor, doc *goquery.Document, base links.List) {
	surface := map[bool]string{true: "workspace", false: "tenant"}[base.Tenant == ""]
	for _, part := range []struct {
		name, table string
		list        links.List
		rows        int
		count       string
	}{
		{surface + ": attention", "#stuck-runs", stuckIn(base), bucketRows, "#stuck .bucket-count"},
		{surface + ": attention", "#follow-up-runs", a.endedIn(base), bucketRows, "#follow-up .bucket-count"},
		{surface + ": recent", "#recent", base, recentRows, ""},
	} {
		want := a.on(v, part.list)
		got := a.rows(v, part.name, doc.Find(part.table+" tr[data-run]"), part.list)
		a.sameRuns(part.name+" "+part.table, want[:min(len(want), part.rows)], got)
		if quiet := doc.Find(".attention-none").Length() > 0; part.count != "" && !(quiet && len(want) == 0) {
			a.sameNumber(part.name+" "+part.count, len(want), words(doc.Find(part.count)))
		}
	}
}

// over compares the active runs that lie over the pages of a place: those that are stuck first.
func (a *agreed) over(v *visitor, base links.List) *goquery.Document {
	yes, surface := true, "overlay, "+v.name
	doc := a.page(v, links.Overlay(base.Workspace, base.Tenant, ""))
	base.Active = &yes
	var stuck, others, got []string
	for _, id := range a.on(v, base) {
		if a.byID[id].truth.ProblemClass == lifecycle.ActiveStaleAttention {
			stuck = append(stuck, id)
		} else {
			others = append(others, id)
		}
	}
	for _, row := range doc.Find("#overlay [data-run]").EachIter() {
		id := row.AttrOr("data-run", "")
		got = append(got, id)
		s, known := a.byID[id]
		if !known {
			a.differs("%s shows a run %q that is not stored", surface, id)
			continue
		}
		a.told[surface]++
		tags := row.Find(".tag")
		a.same(surface, s, "badge", s.badge, words(tags.First()))
		a.same(surface, s, "marks", s.marks, joined(tags.Slice(1, goquery.ToEnd)))
		a.same(surface, s, "target", plain(s.run.Facts.Target), words(row.Find(".row-target")))
		a.same(surface, s, "destination", runPage[v.plane]+id, strings.SplitN(row.Find("a").AttrOr("href", ""), "?", 2)[0])
	}
	want := append(stuck, others...)
	a.sameRuns(surface, want[:min(len(want), overlayRows)], got)
	if len(want) > 0 {
		a.sameNumber(surface+": active", len(want), words(doc.Find("#overlay summary .overlay-count .num")))
	}
	if told := words(doc.Find("#overlay summary .overlay-stuck")); (len(stuck) > 0) != (told != "") {
		a.differs("%s: %d are stuck, told %q", surface, len(stuck), told)
	} else if told != "" {
		a.sameNumber(surface+": stuck", len(stuck), strings.SplitN(told, " ", 2)[0])
	}
	return doc
}

func (a *agreed) sameNumber(surface string, want int, text string) {
	if text != strconv.Itoa(want) {
		a.differs("%s: want %d, told %q", surface, want, text)
	}
}
