package page

import (
	"slices"
	"strings"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// RunsData is what the list of runs of either plane is made of.
type RunsData struct {
	Frame
	List    links.List // the filter in the URL
	Cursor  string     // of this page; empty on the first
	Page    models.RunPage
	Summary models.Summary  // of Base(List)
	Tenants []models.Tenant // to choose from, of List.Workspace; none where no workspace is chosen
	Places  []models.Workspace
}

// Runs is the canonical list of runs: the admin plane's over what the member may see, the system plane's
// over all workspaces.
func Runs(d RunsData) view.RunList {
	system := d.Who.Plane == links.System
	title, sub := "Operations", "Every run you may see, the newest first."
	if system {
		title, sub = "Runs", "Every run of every workspace, the newest first."
	}
	return view.RunList{
		Shell:   d.shell(title, sectionRuns, Asks(d.Summary.Active, d.Page.Runs...)),
		Heading: view.Heading{Title: title, Sub: sub},
		Filters: d.filters(),
		Runs: view.RunTable{
			ID: "runs", Caption: title, ShowTenant: d.List.Tenant == "",
			ShowWorkspace: d.List.Workspace == "" && (system || len(d.Who.Memberships) > 1),
			Rows:          d.rows(d.Page.Runs, d.Page.Now, d.List),
			Empty:         d.empty(),
			Pager:         d.pager(),
		},
	}
}

func (d RunsData) pager() view.Pager {
	p := view.Pager{Shown: len(d.Page.Runs), Noun: "runs"}
	if len(d.Page.Runs) == 1 {
		p.Noun = "run"
	}
	if d.Cursor != "" {
		p.FirstHref = links.Runs(d.Who.Plane, d.List)
	}
	if d.Page.Next != "" {
		p.NextHref = links.RunsPage(d.Who.Plane, d.List, d.Page.Next)
	}
	return p
}

// narrowed reports whether anything beyond the reader's own scope narrows the list.
func (d RunsData) narrowed() bool { return len(d.List.Values()) > 0 }

func (d RunsData) empty() view.Empty {
	all := view.Action{Label: "Show all runs", Href: links.Runs(d.Who.Plane, links.List{})}
	switch {
	case d.List.Class == lifecycle.ActiveStaleAttention:
		return view.Empty{Icon: "circle-check", Title: "Nothing is likely stuck", Text: "Every active run here was heard from in time.", Action: &all}
	case d.List.Class == lifecycle.TerminalFollowUp:
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
	return l.Class == bucket.Class && l.Status == bucket.Status && l.Outcome == bucket.Outcome &&
		l.Freshness == bucket.Freshness && same(l.Active, bucket.Active) && same(l.Open, bucket.Open) &&
		l.EndedFrom.IsZero() == bucket.EndedFrom.IsZero() && l.EndedTo.IsZero() == bucket.EndedTo.IsZero()
}

func (d RunsData) filters() view.FilterBar {
	plane := d.Who.Plane
	bar := view.FilterBar{
		Href: links.Runs(plane, links.List{}),
		Tabs: d.tabs(),
		Search: view.Field{
			Name: "q", Label: "Search in target, type and id", Kind: view.SearchField,
			Value: d.List.Text, Placeholder: "Target, type or id",
		},
	}
	bar.Fields = append(bar.Fields, d.places()...)
	bar.Fields = append(bar.Fields, d.typeField(), d.statusField(), d.outcomeField(), d.lineageField())
	asked := map[string]bool{"q": true, "cursor": true, "as_of": true}
	for _, f := range bar.Fields {
		asked[f.Name] = true
	}
	for name, values := range d.List.Values() {
		if !asked[name] {
			bar.Hidden = append(bar.Hidden, view.Pair{Name: name, Value: values[0]})
		}
	}
	slices.SortFunc(bar.Hidden, func(a, b view.Pair) int { return strings.Compare(a.Name, b.Name) })
	bar.Active = d.chips()
	if len(bar.Active) > 1 {
		bar.ResetHref = links.Runs(plane, links.List{})
	}
	return bar
}

func choose(name, label, all, value string, options ...view.Option) view.Field {
	return view.Field{
		Name: name, Label: label, Kind: view.SelectField, Value: value, SubmitOnChange: true,
		Options: append([]view.Option{{Label: all}}, options...),
	}
}

// places offers workspaces and, within one, its tenants, where there is a choice.
func (d RunsData) places() []view.Field {
	var fields []view.Field
	if len(d.Places) > 1 {
		f := choose("workspace", "Workspace", "Every workspace", d.List.Workspace)
		for _, w := range d.Places {
			f.Options = append(f.Options, view.Option{Value: w.Slug, Label: w.Name})
		}
		fields = append(fields, f)
	}
	if d.List.Workspace != "" && (len(d.Tenants) > 1 || d.List.Tenant != "") {
		f := choose("tenant", "Tenant", "Every tenant", d.List.Tenant)
		for _, t := range d.Tenants {
			f.Options = append(f.Options, view.Option{Value: t.Slug, Label: t.Name})
		}
		fields = append(fields, f)
	}
	return fields
}

func (d RunsData) typeField() view.Field {
	f := choose("type", "Operation type", "Every type", d.List.Type)
	known := d.List.Type == ""
	for _, t := range d.types() {
		f.Options = append(f.Options, view.Option{Value: t.Name, Label: t.Title})
		known = known || t.Name == d.List.Type
	}
	if !known {
		f.Options = append(f.Options, view.Option{Value: d.List.Type, Label: d.List.Type})
	}
	return f
}

func (d RunsData) statusField() view.Field {
	f := choose("status", "Status", "Every status", string(d.List.Status))
	for _, s := range lifecycle.Statuses() {
		f.Options = append(f.Options, view.Option{Value: string(s), Label: s.Badge().Label})
	}
	return f
}

func (d RunsData) outcomeField() view.Field {
	f := choose("outcome", "Outcome", "Every outcome", string(d.List.Outcome))
	for _, o := range lifecycle.Outcomes() {
		if label := o.Badge().Label; label != "" {
			f.Options = append(f.Options, view.Option{Value: string(o), Label: label})
		}
	}
	return f
}

func (d RunsData) lineageField() view.Field {
	value := ""
	if d.List.Lineage != nil {
		value = map[bool]string{true: "true", false: "false"}[*d.List.Lineage]
	}
	return choose("stale_lineage", "Stuck before", "Stuck or not", value,
		view.Option{Value: "true", Label: "Was or is stuck"}, view.Option{Value: "false", Label: "Never stuck"})
}
