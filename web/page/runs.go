package page

import (
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// RunsData is what the list of runs of either plane is made of.
type RunsData struct {
	Listing
	Later   bool // not the first page
	Page    models.RunPage
	Summary models.Summary // of Base(List)
}

// Runs is the canonical list of runs: the admin plane's over what the member may see, the system plane's
// over all workspaces.
func Runs(d RunsData) view.RunList {
	system := d.Who.Plane == links.System
	heading := d.listHeading(system)
	return view.RunList{
		Shell:   d.shell(heading.Title, sectionRuns, Asks(d.Summary.Active, d.Page.Runs...)),
		Heading: heading,
		Filters: d.filters(),
		Runs: view.RunTable{
			ID: "runs", Caption: heading.Title, ShowTenant: d.List.Tenant == "",
			ShowWorkspace: d.List.Workspace == "" && (system || len(d.Who.Memberships) > 1), ShowLineage: true,
			Rows:  d.rows(d.Page.Runs, d.Page.Now, d.List),
			Empty: d.empty(),
			Pager: d.pager(),
		},
	}
}

// contents says what is in a bucket.
var contents = map[models.Bucket]string{
	models.BucketLikelyStuck:    "Active runs that were not heard from in time, the newest first.",
	models.BucketFollowUpRecent: "Runs that ended badly in the last 7 days and that nobody took note of yet, the newest first.",
	models.BucketFollowUpOlder:  "Runs that ended badly more than 7 days ago and that nobody took note of yet, the newest first.",
	models.BucketActive:         "Queued and running, the newest first.",
	models.BucketQueued:         "Not started yet, the newest first.",
	models.BucketSucceeded24h:   "Ended well, the newest first.",
}

// listHeading names the class that a number led to, as the number did.
func (d RunsData) listHeading(system bool) view.Heading {
	h := view.Heading{Title: "Operations", Sub: "Every run you may see, the newest first."}
	if system {
		h = view.Heading{Title: "Runs", Sub: "Every run of every workspace, the newest first."}
	}
	if b, ok := shown(d.List, d.Page.Now); ok {
		h.Crumbs = []view.Crumb{{Label: h.Title, Href: links.Runs(d.Who.Plane, Base(d.List))}, {Label: b.badge.Label}}
		h.Title, h.Sub = b.badge.Label, contents[b.id]
	}
	return h
}

func (d RunsData) pager() view.Pager {
	p := view.Pager{Shown: len(d.Page.Runs), Noun: "runs"}
	if len(d.Page.Runs) == 1 {
		p.Noun = "run"
	}
	if d.Later && len(d.Page.Runs) == 0 {
		p.FirstHref = links.Runs(d.Who.Plane, d.List)
	}
	if d.Page.Prev != "" {
		p.FirstHref, p.PrevHref = links.Runs(d.Who.Plane, d.List), links.RunsBefore(d.Who.Plane, d.List, d.Page.Prev)
	}
	if d.Page.Next != "" {
		p.NextHref = links.RunsPage(d.Who.Plane, d.List, d.Page.Next)
	}
	return p
}

func (d RunsData) empty() view.Empty {
	all := view.Action{Label: "Show all runs", Href: links.Runs(d.Who.Plane, links.List{})}
	_, bucket := shown(d.List, d.Page.Now)
	switch {
	case bucket && d.List.Class == lifecycle.ActiveStaleAttention:
		return view.Empty{Icon: "circle-check", Title: "Nothing is likely stuck", Text: "Every active run here was heard from in time.", Action: &all}
	case bucket && d.List.Class == lifecycle.TerminalFollowUp:
		return view.Empty{Icon: "circle-check", Title: "Nothing needs follow-up", Text: "No run here ended badly and still waits for somebody.", Action: &all}
	case d.narrowed():
		return view.Empty{Icon: "search", Title: "No run matches these filters", Text: "Remove a filter above, or look at all runs.", Action: &all}
	case d.Who.Plane == links.System:
		return view.Empty{Icon: "list-details", Title: "No operation has run yet", Text: "Runs of every workspace appear here as soon as somebody starts one."}
	}
	return view.Empty{Icon: "list-details", Title: "No operation has run yet", Text: "Open a tenant from the overview and start one there."}
}

// tabs are the buckets as ways to narrow the list; each counts exactly the rows it leads to.
func (d RunsData) tabs() []view.Tab {
	base := Base(d.List)
	var tabs []view.Tab
	for _, b := range []bucket{everyRun, activeRuns, likelyStuck, followUps, olderFollowUps} {
		l := b.list(base, d.Summary.Now)
		t := view.Tab{Label: b.badge.Label, Href: links.Runs(d.Who.Plane, l), Current: sameBucket(d.List, l)}
		if b.count != nil {
			n := b.count(d.Summary)
			t.Count, t.Href = &n, b.counted(d.Who.Plane, base, d.Summary)
		}
		if b.badge.Tone != lifecycle.ToneInfo {
			t.Tone = b.badge.Tone
		}
		tabs = append(tabs, t)
	}
	return tabs
}

// sameBucket reports whether a list is a bucket's, at whichever clock reading it was counted.
func sameBucket(l, bucket links.List) bool {
	same := func(a, b *bool) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }
	within := l.EndedWithin == 0 || l.EndedWithin == models.Recent && l.EndedFrom.IsZero() // a saved bucket
	return l.Class == bucket.Class && l.Status == bucket.Status && l.Outcome == bucket.Outcome &&
		l.Freshness == bucket.Freshness && same(l.Active, bucket.Active) && same(l.Open, bucket.Open) && within &&
		(l.EndedFrom.IsZero() && l.EndedWithin == 0) == bucket.EndedFrom.IsZero() && l.EndedTo.IsZero() == bucket.EndedTo.IsZero()
}

// Lasting is a list as it is saved: the bucket of lately ended runs goes on with the time.
func Lasting(l links.List) links.List {
	if !l.AsOf.IsZero() && l.EndedTo.IsZero() && l.EndedFrom.Equal(l.AsOf.Add(-models.Recent)) {
		l.EndedFrom, l.EndedWithin = time.Time{}, models.Recent
	}
	l.AsOf = time.Time{}
	return l
}

func (d RunsData) filters() view.FilterBar {
	plane := d.Who.Plane
	f := d.form(d.Page.Runs, func(l links.List) string { return links.Runs(plane, l) })
	bar := f.bar(append(f.places(), f.typeField(), f.classField(), f.outcomeField()), f.more())
	bar.Unfold = inForce(append(f.places(), f.typeField(), f.outcomeField())) > 0 // the tabs tell the class
	bar.Tabs, bar.Views = d.tabs(), d.views()
	if len(d.Page.Runs) > 0 {
		bar.Export = view.Link{Label: "CSV", Icon: "download", Href: links.RunsExport(plane, d.List)}
	}
	return bar
}

// views are the reader's saved views. A list that nothing narrows needs no name, and a menu that offers nothing is none.
func (d RunsData) views() *view.Views {
	if len(d.Views) == 0 && !d.narrowed() {
		return nil
	}
	plane, own := d.Who.Plane, Lasting(d.List)
	v := &view.Views{}
	for _, s := range d.Views {
		v.Saved = append(v.Saved, view.SavedView{
			Name: s.Name, Href: links.RunsSaved(plane, s.Query), DeleteHref: links.ViewDelete(plane, s.ID),
			Current: s.Query == own.Values().Encode(),
		})
	}
	if d.narrowed() {
		v.Save = view.Form{
			Href: links.Views(plane), Submit: "Save view", SubmitIcon: "check",
			Hidden: []view.Pair{{Name: ViewQueryField, Value: d.List.Values().Encode()}},
			Fields: []view.Field{{
				Name: ViewNameField, Label: "Save this list as", Required: true, MaxLength: models.MaxViewName,
				Placeholder: "A name for these filters", Autocomplete: "off",
			}},
		}
	}
	return v
}

// The fields of a form that saves a view.
const (
	ViewNameField  = "name"
	ViewQueryField = "query"
)
