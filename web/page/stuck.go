package page

import (
	"strconv"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// StuckData is what the page of what is likely stuck is made of.
type StuckData struct {
	Listing
	Summary models.Summary      // of List
	Groups  []models.StuckGroup // of List, at Summary.Now
}

// Stuck shows the likely stuck runs of every workspace by what holds them up: one dead fleet is one row.
func Stuck(d StuckData) view.StuckPage {
	total := d.Summary.LikelyStuck
	p := view.StuckPage{
		Shell:   d.shell("Stuck", sectionStuck, Asks(d.Summary.Active)),
		Heading: view.Heading{Title: "Stuck", Sub: "What is likely stuck in any workspace, by cause and task queue. The most runs first."},
		Filters: d.filters(),
		Title:   likelyStuck.badge.Label,
		Count:   total,
		Groups: view.Table{
			ID: "stuck-groups", Caption: lifecycle.ActiveStaleAttention.Label() + " runs by cause and task queue",
			Columns: []view.Column{
				{Label: "What holds them up"}, {Label: "State"}, {Label: "Runs", Numeric: true}, {Label: "Next step", Wide: true},
				{Label: "Since"}, {Label: "Last heard"}, {Label: "Workspaces", Numeric: true}, {Label: "Somebody is on", Numeric: true},
			},
			Empty: d.nothingStuck(),
		},
	}
	for _, g := range d.Groups {
		p.Groups.Rows = append(p.Groups.Rows, d.stuckRow(g))
	}
	if total > 0 {
		p.All = view.Link{Label: "Run by run: show all " + view.Count(total), Href: links.Runs(links.System, d.bucket(models.BucketLikelyStuck, d.Summary.Now))}
	}
	return p
}

func (d StuckData) filters() view.FilterBar {
	f := d.form(nil, links.Stuck)
	return f.bar(append(f.places(), f.typeField(), f.queueField()), append([]view.Field{f.causeField(), f.initiatorField()}, f.queuedFields()...))
}

func (d StuckData) nothingStuck() view.Empty {
	as := "As of " + lifecycle.Clock(d.Summary.Now) + ", "
	e := view.Empty{Icon: "circle-check", Title: "Nothing is likely stuck", Text: as + "nothing is active."}
	if d.narrowed() {
		e.Title, e.Text = "Nothing that matches these filters is likely stuck", as+"nothing that matches is active."
		e.Action = &view.Action{Label: "Show all that is stuck", Href: links.Stuck(links.List{})}
	}
	switch n := d.Summary.Active; {
	case n == 1:
		e.Text = as + "the one active run was heard from in time."
	case n > 1:
		e.Text = as + "all " + view.Count(n) + " active runs were heard from in time."
	}
	return e
}

func (d StuckData) stuckRow(g models.StuckGroup) view.Row {
	now := d.Summary.Now
	checked := "not checked yet"
	if !g.CheckedAt.IsZero() {
		checked = "checked " + view.At(g.CheckedAt, now).Ago()
	}
	onIt := "nobody"
	if g.Claimed > 0 {
		onIt = view.Count(g.Claimed) + " of them"
	}
	list := d.part(func(base models.Filter) models.Filter { return g.Filter(base, now) }, now)
	return view.Row{
		ID: "group-" + string(g.Cause) + "-" + g.Queue, Href: links.Runs(links.System, list),
		Cells: []view.Cell{
			{Text: g.Headline(), Sub: g.Note()},
			{Badges: []view.Badge{g.Badge()}, Sub: g.ReconciliationNote()},
			{Text: view.Count(g.Runs)},
			{Text: g.NextStep().Text},
			{When: view.At(g.Since, now), Sub: newest(g, now)},
			{When: view.At(g.LastHeard, now), Sub: checked},
			{Text: strconv.FormatInt(g.Workspaces, 10)},
			{Text: onIt},
		},
	}
}

// newest tells when the last run joined a group that others began.
func newest(g models.StuckGroup, now time.Time) string {
	last := view.At(g.Newest, now).Ago()
	if g.Runs < 2 || last == view.At(g.Since, now).Ago() {
		return ""
	}
	return "newest " + last
}
