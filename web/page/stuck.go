package page

import (
	"strconv"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/view"
)

// StuckData is what the page of what is likely stuck is made of.
type StuckData struct {
	Frame  // Now is the clock reading of the groups
	Active int64
	Groups []models.StuckGroup
}

// Stuck shows the likely stuck runs of every workspace by what holds them up: one dead fleet is one row.
func Stuck(d StuckData) view.StuckPage {
	p := view.StuckPage{
		Shell:   d.shell("Stuck", sectionStuck, Asks(d.Active)),
		Heading: view.Heading{Title: "Stuck", Sub: "What is likely stuck in any workspace, by cause and task queue. The most runs first."},
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
	return p
}

func (d StuckData) nothingStuck() view.Empty {
	e := view.Empty{Icon: "circle-check", Title: "Nothing is likely stuck", Text: "As of " + lifecycle.Clock(d.Now) + ", nothing is active."}
	switch {
	case d.Active == 1:
		e.Text = "As of " + lifecycle.Clock(d.Now) + ", the one active run was heard from in time."
	case d.Active > 1:
		e.Text = "As of " + lifecycle.Clock(d.Now) + ", all " + view.Count(d.Active) + " active runs were heard from in time."
	}
	return e
}

func (d StuckData) stuckRow(g models.StuckGroup) view.Row {
	checked := "not checked yet"
	if !g.CheckedAt.IsZero() {
		checked = "checked " + view.At(g.CheckedAt, d.Now).Ago()
	}
	onIt := "nobody"
	if g.Claimed > 0 {
		onIt = view.Count(g.Claimed) + " of them"
	}
	list := find.List(g.Filter(models.Filter{}, d.Now), "", "")
	return view.Row{
		ID: "group-" + string(g.Cause) + "-" + g.Queue, Href: links.Runs(links.System, list),
		Cells: []view.Cell{
			{Text: g.Headline(), Sub: g.Note()},
			{Badges: []view.Badge{g.Badge()}, Sub: g.ReconciliationNote()},
			{Text: view.Count(g.Runs)},
			{Text: g.NextStep().Text},
			{When: view.At(g.Since, d.Now), Sub: newest(g, d.Frame)},
			{When: view.At(g.LastHeard, d.Now), Sub: checked},
			{Text: strconv.FormatInt(g.Workspaces, 10)},
			{Text: onIt},
		},
	}
}

// newest tells when the last run joined a group that others began.
func newest(g models.StuckGroup, f Frame) string {
	last := view.At(g.Newest, f.Now).Ago()
	if g.Runs < 2 || last == view.At(g.Since, f.Now).Ago() {
		return ""
	}
	return "newest " + last
}
